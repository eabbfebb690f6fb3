use domain::inbox::Message;

use super::{CHANGES, Contents, Line, WHAT_TO_DO, introduction, shown, urgency};

/// Styles of what there may be many of, once: a mail that is too long is cut by its reader's program.
/// Where a program leaves them out, what remains is still one line below the other.
const STYLES: &str = ".item{margin:18px 0;padding-left:14px;border-left:4px solid #d97706;font-size:15px;\
    overflow-wrap:anywhere}\n.over,.threat{border-color:#b91c1c}\n.change{border-color:#9aa5b1}\n\
    i{font-style:normal;font-size:13px;color:#52606d}\n.item b{font-size:16px}\n\
    h2{margin:28px 0 8px;font-size:17px}";
const BODY: &str = "margin:0;padding:12px;background:#f3f4f6;color:#1f2933;\
    font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const SHEET: &str =
    "max-width:600px;margin:0 auto;padding:8px 20px 20px;background:#ffffff;border-radius:8px";
const BUTTON: &str = "display:inline-block;padding:12px 20px;background:#1d4ed8;color:#ffffff;\
    text-decoration:none;border-radius:6px";

/// Writes the HTML part: one column.
pub(super) fn html(subject: &str, contents: &Contents<'_>) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{subject}</title>\n<style>\n{STYLES}\n</style>\n</head>\n\
         <body style=\"{BODY}\">\n<div style=\"{SHEET}\">\n\
         <p>Hello {recipient},</p>\n{threats}{keys}{changes}{link}</div>\n</body>\n</html>\n",
        subject = escaped(subject),
        recipient = escaped(contents.recipient),
        threats = messages("threat", &contents.threats()),
        keys = keys(contents),
        changes = changes(contents),
        link = contents.console_url.map(link).unwrap_or_default(),
    )
}

fn keys(contents: &Contents<'_>) -> String {
    if contents.lines.is_empty() {
        return String::new();
    }
    let introduction = escaped(&introduction(contents.lines));
    let keys: String = contents.lines.iter().map(|line| key(line, contents)).collect();
    format!("<p>{introduction}</p>\n{keys}<h2>What to do</h2>\n<p>{WHAT_TO_DO}</p>\n")
}

fn key(line: &Line, contents: &Contents<'_>) -> String {
    let class = if line.expires_at <= contents.now { "item over" } else { "item" };
    format!(
        "<div class=\"{class}\"><b>{name}</b>\n<br>{urgency} <i>{expiry}</i>\n<br><i>Key</i> {key}\n\
         <br><i>User</i> {user} · <i>Organization</i> {organization}</div>\n",
        name = escaped(&line.key_name),
        urgency = urgency(line.expires_at, contents.now),
        expiry = shown(line.expires_at),
        key = escaped(&line.masked_key),
        user = escaped(&line.user_name),
        organization = escaped(&line.organization_name),
    )
}

fn changes(contents: &Contents<'_>) -> String {
    match contents.changes().as_slice() {
        [] => String::new(),
        changes => format!("<h2>{CHANGES}</h2>\n{}", messages("change", changes)),
    }
}

fn messages(class: &str, messages: &[&Message]) -> String {
    let message = |message: &&Message| {
        format!(
            "<div class=\"item {class}\"><b>{title}</b>\n<br><i>{at}</i>\n<br>{text}</div>\n",
            title = escaped(&message.title),
            at = shown(message.at),
            text = escaped(&message.text),
        )
    };
    messages.iter().map(message).collect()
}

fn link(url: &str) -> String {
    format!("<p><a href=\"{}\" style=\"{BUTTON}\">Manage access keys</a></p>\n", escaped(url))
}

/// Escapes text for HTML, inside and outside of attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

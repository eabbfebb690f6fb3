use domain::Time;

use super::{Line, WHAT_TO_DO, introduction, shown, urgency};

const BODY: &str = "margin:0;padding:16px;background:#f3f4f6;color:#1f2933;\
    font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const SHEET: &str = "max-width:600px;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px";
const KEY: &str = "margin:16px 0;padding:4px 0 4px 16px;border-left:4px solid";
const LABEL: &str = "color:#616e7c";
const BUTTON: &str = "display:inline-block;padding:10px 18px;background:#1d4ed8;color:#ffffff;\
    text-decoration:none;border-radius:6px";

/// Writes the HTML part: one column, with every style inline, as mail programs need it.
pub(super) fn html(
    subject: &str,
    recipient: &str,
    lines: &[&Line],
    console_url: Option<&str>,
    now: Time,
) -> String {
    let keys: String = lines.iter().map(|line| key(line, now)).collect();
    let link = console_url.map(link).unwrap_or_default();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{subject}</title>\n</head>\n<body style=\"{BODY}\">\n<div style=\"{SHEET}\">\n\
         <p>Hello {recipient},</p>\n<p>{introduction}</p>\n{keys}\
         <p><strong>What to do</strong><br>{WHAT_TO_DO}</p>\n{link}</div>\n</body>\n</html>\n",
        subject = escaped(subject),
        recipient = escaped(recipient),
        introduction = escaped(&introduction(lines)),
    )
}

fn key(line: &Line, now: Time) -> String {
    let colour = if line.expires_at <= now { "#b91c1c" } else { "#d97706" };
    let row = |label, value: &str| format!("<br><span style=\"{LABEL}\">{label}</span> {}\n", escaped(value));
    let rows = [
        row("Key", &line.masked_key),
        row("User", &line.user_name),
        row("Organization", &line.organization_name),
        row("Expiry", &shown(line.expires_at)),
    ];
    format!(
        "<div style=\"{KEY} {colour};overflow-wrap:anywhere\"><strong>{name}</strong> {urgency}\n{rows}</div>\n",
        name = escaped(&line.key_name),
        urgency = urgency(line.expires_at, now),
        rows = rows.concat(),
    )
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

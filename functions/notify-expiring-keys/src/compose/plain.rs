use std::fmt::Write as _;

use domain::inbox::Message;

use super::{CHANGES, Contents, Line, WHAT_TO_DO, introduction, shown, urgency};

/// Writes the text part.
pub(super) fn text(contents: &Contents<'_>) -> String {
    let mut text = format!("Hello {},\n\n", contents.recipient);
    text.extend(contents.threats().into_iter().map(message));
    if !contents.lines.is_empty() {
        text.push_str(&introduction(contents.lines));
        text.push_str("\n\n");
        text.extend(contents.lines.iter().map(|line| key(line, contents)));
        write!(text, "What to do\n{WHAT_TO_DO}\n\n").expect("writing to memory does not fail");
    }
    let changes = contents.changes();
    if !changes.is_empty() {
        write!(text, "{CHANGES}\n\n").expect("writing to memory does not fail");
        text.extend(changes.into_iter().map(message));
    }
    if let Some(url) = contents.console_url {
        writeln!(text, "Manage access keys: {url}").expect("writing to memory does not fail");
    }
    text
}

fn key(line: &Line, contents: &Contents<'_>) -> String {
    let Line { key_name, masked_key, user_name, organization_name, expires_at } = line;
    format!(
        "* {key_name}\n  {urgency}: {expiry}\n  Key: {masked_key}\n  User: {user_name}\n  \
         Organization: {organization_name}\n\n",
        urgency = urgency(*expires_at, contents.now),
        expiry = shown(*expires_at),
    )
}

fn message(message: &Message) -> String {
    format!("* {}\n  {}\n  {}\n\n", message.title, shown(message.at), message.text)
}

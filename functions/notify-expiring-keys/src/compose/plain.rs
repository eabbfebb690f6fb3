use domain::Time;

use super::{Line, WHAT_TO_DO, introduction, shown, urgency};

/// Writes the text part.
pub(super) fn text(recipient: &str, lines: &[&Line], console_url: Option<&str>, now: Time) -> String {
    let keys: String = lines.iter().map(|line| key(line, now)).collect();
    let link = console_url.map(|url| format!("Manage access keys: {url}\n")).unwrap_or_default();
    let introduction = introduction(lines);
    format!("Hello {recipient},\n\n{introduction}\n\n{keys}What to do\n{WHAT_TO_DO}\n{link}")
}

fn key(line: &Line, now: Time) -> String {
    let Line { key_name, masked_key, user_name, organization_name, expires_at } = line;
    format!(
        "* {key_name} {urgency}\n  Key: {masked_key}\n  User: {user_name}\n  \
         Organization: {organization_name}\n  Expiry: {expiry}\n\n",
        urgency = urgency(*expires_at, now),
        expiry = shown(*expires_at),
    )
}

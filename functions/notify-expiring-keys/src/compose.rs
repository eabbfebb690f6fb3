use domain::{
    Time, access_key::AccessKey, inbox::Message, organization::Organization, text::Email, token::KeyPrefix,
    user::User,
};
use mail_builder::{
    MessageBuilder,
    headers::{raw::Raw, url::URL},
};
use table::Mail;

use crate::{settings::Sender, urgency::Urgency};

mod html;
mod plain;
#[cfg(test)]
mod tests;

/// What a mail says of one key. It holds no secret.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) key_name: String,
    pub(crate) masked_key: String,
    pub(crate) user_name: String,
    pub(crate) organization_name: String,
    pub(crate) expires_at: Time,
}

/// A mail before it is encoded.
#[derive(Debug)]
pub(crate) struct Letter {
    subject: String,
    text: String,
    html: String,
}

impl Line {
    /// Says of a key what its recipients need.
    pub(crate) fn new(
        key: &AccessKey,
        expires_at: Time,
        user: &User,
        organization: &Organization,
        prefix: &KeyPrefix,
    ) -> Self {
        Self {
            key_name: key.name.to_string(),
            masked_key: key.masked_key(prefix),
            user_name: user.name.to_string(),
            organization_name: organization.name.to_string(),
            expires_at,
        }
    }

    /// Says in a few words what is the matter with the key.
    pub(crate) fn fact(&self, now: Time) -> String {
        format!("Access key \"{}\" {}", self.key_name, urgency(self.expires_at, now))
    }
}

/// Says in an inbox what a mail says of one key.
pub(crate) fn told_in_inbox(line: &Line) -> String {
    let Line { masked_key, user_name, organization_name, expires_at, .. } = line;
    let expiry = shown(*expires_at);
    format!("Key {masked_key} of {user_name} in {organization_name}. Expiry: {expiry}. {WHAT_TO_DO}")
}

/// What a mail says, and to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents<'a> {
    pub(crate) recipient: &'a str,
    /// Keys that expire, in order of urgency.
    pub(crate) lines: &'a [&'a Line],
    /// What else is told. Not empty where there are no keys.
    pub(crate) messages: &'a [Message],
    /// The page that it sends its reader to, if there is one.
    pub(crate) console_url: Option<&'a str>,
    pub(crate) now: Time,
}

impl Contents<'_> {
    /// Returns what threatens keys, the most urgent first.
    fn threats(&self) -> Vec<&Message> {
        self.sorted(true)
    }

    /// Returns the messages that are no threats, the oldest first.
    fn changes(&self) -> Vec<&Message> {
        self.sorted(false)
    }

    fn sorted(&self, threats: bool) -> Vec<&Message> {
        let wanted = |message: &&Message| Urgency::from(*message).is_threat() == threats;
        let mut messages: Vec<_> = self.messages.iter().filter(wanted).collect();
        messages.sort_by_key(|message| Urgency::from(*message));
        messages
    }

    /// Says the most urgent fact, and how many others there are.
    fn subject(&self) -> String {
        let threat = self.threats().first().map(|message| message.title.clone());
        let expiry = || self.lines.first().map(|line| line.fact(self.now));
        let change = || self.changes().first().map(|message| message.title.clone());
        let fact = threat.or_else(expiry).or_else(change).unwrap_or_default();
        match (self.lines.len() + self.messages.len()).saturating_sub(1) {
            0 => fact,
            more => format!("{fact}, and {more} more"),
        }
    }
}

impl Letter {
    /// Writes a mail.
    pub(crate) fn new(contents: &Contents<'_>) -> Self {
        let subject = contents.subject();
        Self { text: plain::text(contents), html: html::html(&subject, contents), subject }
    }

    /// Encodes the mail.
    ///
    /// Its id is the same each time the same is sent, so that repeats can be told; a mail that more was
    /// claimed for meanwhile has another, so that nobody drops it as a repeat.
    pub(crate) fn into_message(self, sender: &Sender, to: &Email, mail: &Mail, now: Time) -> Vec<u8> {
        let domain = sender.from.rsplit('@').next().unwrap_or_default();
        let told = mail.announcements.len() + mail.messages.len();
        let mut message = MessageBuilder::new()
            .from(sender.from.as_str())
            .to(to.as_str())
            .subject(self.subject)
            .date(now.seconds())
            .message_id(format!("{}.{told}@{domain}", mail.mail_id))
            .header("Auto-Submitted", Raw::new("auto-generated"));
        if let Some(url) = &sender.console_url {
            message = message.header("List-Unsubscribe", URL::new(url.as_str()));
        }
        if let Some(reply_to) = &sender.reply_to {
            message = message.reply_to(reply_to.as_str());
        }
        let message = message.text_body(self.text).html_body(self.html);
        message.write_to_vec().expect("writing to memory does not fail")
    }
}

/// Says how long a key still works, to the nearest hour or day.
fn urgency(expires_at: Time, now: Time) -> String {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    match expires_at.since(now) {
        ..=0 => "has expired".to_owned(),
        seconds if seconds < DAY - HOUR / 2 => {
            format!("expires in {}", count((seconds + HOUR / 2) / HOUR, "hour"))
        }
        seconds => format!("expires in {}", count((seconds + DAY / 2) / DAY, "day")),
    }
}

fn count(number: i64, unit: &str) -> String {
    match number {
        0 => format!("less than an {unit}"),
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}

/// Writes an instant for people, as `2027-01-31 12:00:00 UTC`.
fn shown(at: Time) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

/// Says what all the keys are of, as far as they are of one organization.
fn introduction(lines: &[&Line]) -> String {
    let name = &lines[0].organization_name;
    match lines.len() {
        1 => format!("This access key of {name} needs your attention:"),
        number => format!("These {number} access keys of {name} need your attention, the most urgent first:"),
    }
}

const WHAT_TO_DO: &str = "An expired key is refused from that second on. Create a new key, put it where \
    the old one is used, and revoke the old one; or move the expiry, where your organization allows it.";

const CHANGES: &str = "What others did";

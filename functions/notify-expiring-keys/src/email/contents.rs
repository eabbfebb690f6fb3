//! The values that the templates print.

use domain::{
    Time,
    inbox::Message,
    message::{ExpiringKey, instant},
};

use crate::urgency::Urgency;

/// The contents of an e-mail, each part in the order of urgency.
#[derive(Debug)]
pub(crate) struct Contents<'a> {
    /// The most urgent fact, and the number of the others.
    pub(crate) subject: String,
    /// The name of the recipient.
    pub(crate) recipient: &'a str,
    /// The messages about keys in danger.
    pub(crate) threats: Vec<DigestMessage<'a>>,
    /// The keys that expire.
    pub(crate) lines: Vec<DigestLine<'a>>,
    /// The other messages.
    pub(crate) changes: Vec<DigestMessage<'a>>,
    /// The page that the mail links to, if there is one.
    pub(crate) console_url: Option<&'a str>,
}

/// A message in an e-mail.
#[derive(Debug)]
pub(crate) struct DigestMessage<'a> {
    pub(crate) title: &'a str,
    pub(crate) at: String,
    pub(crate) text: &'a str,
}

/// A key that expires, in an e-mail.
#[derive(Debug)]
pub(crate) struct DigestLine<'a> {
    pub(crate) key: &'a ExpiringKey,
    pub(crate) time_left: String,
    pub(crate) expires_at: String,
    pub(crate) has_expired: bool,
}

impl<'a> Contents<'a> {
    /// Arranges keys, in the order given, and messages. At least one of the two lists has an item.
    pub(crate) fn new(
        recipient: &'a str,
        keys: &'a [ExpiringKey],
        messages: &'a [Message],
        console_url: Option<&'a str>,
        now: Time,
    ) -> Self {
        let mut messages: Vec<&Message> = messages.iter().collect();
        messages.sort_by_key(|message| (Urgency::from(*message), message.message_id));
        let (threats, changes): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| Urgency::from(*message).is_threat());
        Self {
            subject: subject(&threats, keys, &changes, now),
            recipient,
            threats: threats.into_iter().map(DigestMessage::new).collect(),
            lines: keys.iter().map(|key| DigestLine::new(key, now)).collect(),
            changes: changes.into_iter().map(DigestMessage::new).collect(),
            console_url,
        }
    }
}

impl<'a> DigestMessage<'a> {
    fn new(message: &'a Message) -> Self {
        Self { title: &message.title, at: instant(message.at), text: &message.text }
    }
}

impl<'a> DigestLine<'a> {
    fn new(key: &'a ExpiringKey, now: Time) -> Self {
        Self {
            key,
            time_left: key.time_left(now),
            expires_at: instant(key.expires_at),
            has_expired: key.expires_at <= now,
        }
    }
}

fn subject(threats: &[&Message], keys: &[ExpiringKey], changes: &[&Message], now: Time) -> String {
    let threat = threats.first().map(|message| message.title.clone());
    let expiry = || keys.first().map(|key| key.headline(now));
    let change = || changes.first().map(|message| message.title.clone());
    let fact = threat.or_else(expiry).or_else(change).unwrap_or_default();
    match (threats.len() + keys.len() + changes.len()).saturating_sub(1) {
        0 => fact,
        more => format!("{fact}, and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::due_notice::tests::due_notice;

    #[test]
    fn a_key_has_expired_at_its_second() {
        let key = due_notice(1_000, &[]).key;
        let has_expired = [999, 1_000].map(|now| DigestLine::new(&key, Time::from_seconds(now)).has_expired);
        assert_eq!(has_expired, [false, true]);
    }
}

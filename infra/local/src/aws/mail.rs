//! Reads a mail: its sender, its recipients and its two bodies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mail_parser::{Address, MessageParser, PartType};
use serde::{Deserialize, Serialize, Serializer};

use crate::encoding;

/// A mail that SES accepted.
#[derive(Debug, Clone)]
pub struct Email {
    /// The id that SES returned.
    pub message_id: String,
    /// When it was accepted, by the machine's clock.
    pub accepted_at: Timestamp,
    /// The sender's address.
    pub from: String,
    /// The recipients' addresses.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The text part, decoded; empty if there is none.
    pub text: String,
    /// The HTML part, decoded; empty if there is none.
    pub html: String,
    /// The message as it was sent.
    pub raw: Vec<u8>,
}

impl Serialize for Email {
    /// Writes the fields that `GET /_local/emails` shows.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct EmailSummary<'e> {
            from: &'e str,
            to: &'e [String],
            subject: &'e str,
            text: &'e str,
            html: &'e str,
        }
        let Self { from, to, subject, text, html, .. } = self;
        EmailSummary { from, to, subject, text, html }.serialize(serializer)
    }
}

/// Parses the message of a `SendRawEmail` request; `None` if it is no mail, or has no sender or recipient.
pub(super) fn parse(form: &BTreeMap<String, String>, accepted_at: Timestamp) -> Option<Email> {
    let raw = encoding::decode(form.get("RawMessage.Data")?)?;
    let mut email = read(&raw, accepted_at)?;
    if let Some(source) = form.get("Source") {
        email.from = address_of(source);
    }
    let destinations = destinations(form);
    if !destinations.is_empty() {
        email.to = destinations;
    }
    email.raw = raw;
    (!email.to.is_empty() && !email.from.is_empty()).then_some(email)
}

/// The addresses by which SES authorizes a mail.
#[derive(Debug, Default)]
pub(super) struct Senders {
    /// Of the header `From`.
    pub(super) from: String,
    /// Of the envelope.
    pub(super) source: String,
}

/// Reads the senders of a `SendRawEmail` request.
pub(super) fn senders(form: &BTreeMap<String, String>) -> Senders {
    let raw = form.get("RawMessage.Data").and_then(encoding::decode).unwrap_or_default();
    let message = MessageParser::default().parse_headers(raw.as_slice()).unwrap_or_default();
    let from = message.from().and_then(|from| addresses(from).into_iter().next()).unwrap_or_default();
    let source = form.get("Source").map_or_else(|| from.clone(), |source| address_of(source));
    Senders { from, source }
}

fn read(raw: &[u8], accepted_at: Timestamp) -> Option<Email> {
    let message = MessageParser::default().parse(raw)?;
    let to = [message.to(), message.cc(), message.bcc()].into_iter().flatten().flat_map(addresses);
    let text = message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        _ => None,
    });
    let html = message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        _ => None,
    });
    Some(Email {
        message_id: String::new(),
        accepted_at,
        from: message.from().and_then(|from| addresses(from).into_iter().next()).unwrap_or_default(),
        to: to.collect(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: text.unwrap_or_default(),
        html: html.unwrap_or_default(),
        raw: Vec::new(),
    })
}

fn addresses(header: &Address) -> Vec<String> {
    header.iter().filter_map(|address| address.address().map(str::to_owned)).collect()
}

fn address_of(mailbox: &str) -> String {
    let bare =
        mailbox.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
    bare.unwrap_or(mailbox).trim().to_owned()
}

/// Reads the `Destinations` of a `SendRawEmail` request.
pub(super) fn destinations(form: &BTreeMap<String, String>) -> Vec<String> {
    let named = (1..).map_while(|index| form.get(&format!("Destinations.member.{index}")));
    named.map(|mailbox| address_of(mailbox)).collect()
}

/// A mail as it is stored in the data directory.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredEmail {
    message_id: String,
    accepted_at_milliseconds: i64,
    from: String,
    to: Vec<String>,
    raw: String,
}

impl StoredEmail {
    /// Copies the fields from which the mail can be read again.
    pub(super) fn new(email: &Email) -> Self {
        Self {
            message_id: email.message_id.clone(),
            accepted_at_milliseconds: email.accepted_at.as_millisecond(),
            from: email.from.clone(),
            to: email.to.clone(),
            raw: encoding::encode(&email.raw),
        }
    }

    /// Reads the mail again.
    pub(super) fn restore(self) -> Option<Email> {
        let raw = encoding::decode(&self.raw)?;
        let accepted_at = Timestamp::from_millisecond(self.accepted_at_milliseconds).ok()?;
        let email = read(&raw, accepted_at)?;
        Some(Email { message_id: self.message_id, from: self.from, to: self.to, raw, ..email })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "From: Keys <keys@example.com>\r\nTo: A <a@example.com>, b@example.com\r\nCc: c@example.com\r\n\
        Subject: =?utf-8?B?U2NobMO8c3NlbA==?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\nf=C3=BCr dich\r\n--x\r\n\
        Content-Type: text/html; charset=utf-8\r\n\r\n<p>hi</p>\r\n--x--\r\n";

    fn form(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        let data = ("RawMessage.Data".to_owned(), encoding::encode(MESSAGE));
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).chain([data]).collect()
    }

    #[test]
    fn both_parts_and_every_recipient_are_read() {
        let email = parse(&form(&[]), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(email.from, "keys@example.com");
        assert_eq!(email.to, ["a@example.com", "b@example.com", "c@example.com"]);
        assert_eq!(email.subject, "Schlüssel");
        assert_eq!((email.text.trim(), email.html.trim()), ("für dich", "<p>hi</p>"));
        assert_eq!(email.raw, MESSAGE.as_bytes());
    }

    #[test]
    fn the_request_overrides_the_headers() {
        let fields = [("Source", "Other <o@example.com>"), ("Destinations.member.1", "d@example.com")];
        let email = parse(&form(&fields), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((email.from.as_str(), email.to), ("o@example.com", vec!["d@example.com".to_owned()]));
    }

    #[test]
    fn a_missing_part_is_empty() {
        let email =
            read(b"From: a@example.com\r\nTo: b@example.com\r\n\r\nhi", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((email.text.as_str(), email.html.as_str()), ("hi", ""));
    }

    #[test]
    fn a_stored_mail_reads_the_same_again() {
        let email = parse(&form(&[]), Timestamp::UNIX_EPOCH).unwrap();
        let again = StoredEmail::new(&email).restore().unwrap();
        assert_eq!((again.subject, again.raw), (email.subject, email.raw));
        let shown = serde_json::to_value(parse(&form(&[]), Timestamp::UNIX_EPOCH).unwrap()).unwrap();
        assert_eq!(shown.as_object().unwrap().len(), 5);
    }
}

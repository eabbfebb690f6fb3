//! Mails with thousands of changed names, read by two mail parsers: each name reads as it was written.
//!
//! `.ci/run` names a file in `MAIL_SAMPLES` when it compiles. The mails are written there too, for
//! `.ci/read-mails`, which reads them with the mail and HTML parsers of Python.

use domain::{
    id::KeyId,
    inbox::{Message, MessageKind},
    message::{ExpiringKey, quoted},
    text::Name,
};
use mail_parser::MessageParser;
use mailparse::{MailAddr, MailHeaderMap as _};
use serde_json::json;

use super::*;

/// The most mails that are written for the other parsers.
const MAX_SAMPLES: usize = 250;

const NOW: Time = Time::from_seconds(1_790_000_000);

/// What a mail program shows of a mail.
#[derive(Debug, PartialEq)]
struct Shown {
    /// The name of the sender.
    from: Option<String>,
    subject: String,
    text: String,
    html: String,
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn by_mail_parser(raw: &[u8]) -> Shown {
    let mail = MessageParser::default().parse(raw).unwrap();
    let from = mail.from().unwrap().first().unwrap();
    Shown {
        from: from.name().map(str::to_owned),
        subject: mail.subject().unwrap().to_owned(),
        text: lines(&mail.body_text(0).unwrap()),
        html: lines(&mail.body_html(0).unwrap()),
    }
}

fn by_mailparse(raw: &[u8]) -> Shown {
    let mail = mailparse::parse_mail(raw).unwrap();
    let from = mailparse::addrparse_header(mail.headers.get_first_header("From").unwrap()).unwrap();
    let MailAddr::Single(from) = &from[0] else { panic!("a group: {from:?}") };
    let [text, html] = &mail.subparts[..] else { panic!("{} parts", mail.subparts.len()) };
    assert_eq!((&*text.ctype.mimetype, &*html.ctype.mimetype), ("text/plain", "text/html"));
    Shown {
        from: from.display_name.clone(),
        subject: mail.headers.get_first_value("Subject").unwrap(),
        text: lines(&text.get_body().unwrap()),
        html: lines(&html.get_body().unwrap()),
    }
}

/// Returns the texts of the `bdi` elements.
fn isolated(html: &str) -> Vec<String> {
    let elements = html.split("<bdi>").skip(1).map(|rest| rest.split_once("</bdi>").unwrap().0);
    let characters = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    let unescape = |text: &str| {
        assert!(!text.contains(['<', '>', '"', '\'']), "{text}");
        characters.iter().fold(text.to_owned(), |text, (escape, c)| text.replace(escape, c))
    };
    elements.map(unescape).collect()
}

/// Writes a mail with a name in each place, has it read, and returns it as a sample for another parser.
fn round_trip(names: &[Name; 5]) -> String {
    let [recipient, key_name, user_name, organization_name, author] = names.each_ref().map(Name::as_str);
    let key = ExpiringKey {
        key_id: KeyId::random(),
        key_name: key_name.to_owned(),
        masked_key: "ak_7HcX2mPq9LwZtR4bK1nV_…1cDe".to_owned(),
        user_name: user_name.to_owned(),
        organization_name: organization_name.to_owned(),
        expires_at: NOW.plus(86_400),
    };
    let (title, words) = (format!("{} did it", quoted(author)), format!("Done by {}.", quoted(author)));
    let message = Message::new(NOW, MessageKind::KeyChanged, &*title, &*words, None);
    let (keys, messages) = ([key], [message]);
    let email = Email::new(Contents::new(recipient, &keys, &messages, None, NOW));
    let shown = Shown {
        from: Some(author.trim().to_owned()),
        subject: email.subject.clone(),
        text: email.text.clone(),
        html: email.html.clone(),
    };
    assert_eq!(shown.subject, format!("Access key {} expires in 1 day, and 1 more", quoted(key_name)));
    for line in [
        format!("Hello {recipient},"),
        format!("This access key of {} needs your attention:", quoted(organization_name)),
        format!("* {key_name}"),
        format!("  User: {user_name}"),
        format!("  Organization: {organization_name}"),
        format!("* {title}"),
        format!("  {words}"),
    ] {
        assert!(shown.text.split('\n').any(|shown| shown == line), "no {line:?} in {}", shown.text);
    }
    assert_eq!(isolated(&shown.html), [recipient, key_name, user_name, organization_name]);

    let sender = Sender {
        region: None,
        endpoint: None,
        from: "keys@example.com".to_owned(),
        from_name: Some(names[4].clone()),
        reply_to: None,
        configuration_set: None,
        console_url: None,
    };
    let to = "ann@example.com".to_owned().try_into().unwrap();
    let raw = email.encode(&sender, &to, "00000000000000000000000000.0", NOW);
    assert_eq!(by_mail_parser(&raw), shown);
    assert_eq!(by_mailparse(&raw), shown);
    let raw = String::from_utf8(raw).unwrap();
    assert!(raw.is_ascii() && raw.split("\r\n").all(|line| line.len() <= 100 && line.trim_end() == line));
    // RFC 5322 wants no longer line of a header.
    let (headers, _) = raw.split_once("\r\n\r\n").unwrap();
    assert!(headers.lines().all(|line| line.len() <= 78), "{headers}");
    let Shown { from, subject, text, html } = shown;
    json!({"raw": raw, "from": from, "subject": subject, "text": text, "html": html, "names": names})
        .to_string()
}

/// Each input is five names, with `|` between them.
#[test]
fn fuzzed_names_read_as_they_were_written_in_two_mail_parsers() {
    let mut samples = Vec::new();
    fuzz::texts("mail_names").play(|text| {
        let names = text.split('|').map(|name| Name::try_from(name.to_owned()));
        let Ok(names) = names.collect::<Result<Vec<_>, _>>() else { return false };
        let Ok(names) = <[Name; 5]>::try_from(names) else { return false };
        let sample = round_trip(&names);
        if samples.len() < MAX_SAMPLES {
            samples.push(sample);
        }
        true
    });
    if let Some(file) = option_env!("MAIL_SAMPLES") {
        assert_eq!(samples.len(), MAX_SAMPLES);
        std::fs::write(file, samples.join("\n")).unwrap();
    }
}

#[test]
fn a_name_of_the_sender_is_quoted_or_encoded() {
    let mailbox = |name: &str| {
        let name = Name::try_from(name.to_owned()).unwrap();
        header_text::mailbox(Some(&name), "keys@example.com")
    };
    for (name, expected) in [
        ("Access keys", "\"Access keys\" <keys@example.com>"),
        ("Keys, \"all\" \\o/", r#""Keys, \"all\" \\o/" <keys@example.com>"#),
        ("Schlüssel", "=?utf-8?B?U2NobMO8c3NlbA==?= <keys@example.com>"),
        ("=?utf-8?q?=41?=", "=?utf-8?B?PT91dGYtOD9xPz00MT89?= <keys@example.com>"),
        (&"\"".repeat(32), &format!("\"{}\" <keys@example.com>", "\\\"".repeat(32))),
        (&"\"".repeat(33), &format!("=?utf-8?B?{}?= <keys@example.com>", "IiIi".repeat(11))),
    ] {
        assert_eq!(mailbox(name), expected);
    }
    assert_eq!(header_text::mailbox(None, "keys@example.com"), "<keys@example.com>");
}

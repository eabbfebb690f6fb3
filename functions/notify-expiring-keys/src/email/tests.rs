//! Tests of the e-mails: both parts, and the headers.

use domain::{
    id::KeyId,
    inbox::{Message, MessageKind},
    message::ExpiringKey,
};

use super::*;

const NOW: i64 = 1_790_000_000;

fn key(name: &str, seconds: i64) -> ExpiringKey {
    ExpiringKey {
        key_id: KeyId::random(),
        key_name: name.to_owned(),
        masked_key: "ak_7HcX2mPq9LwZtR4bK1nV_…1cDe".to_owned(),
        user_name: "ci <runner> & co".to_owned(),
        organization_name: "Zürich Works".to_owned(),
        expires_at: Time::from_seconds(NOW + seconds),
    }
}

fn message(kind: MessageKind, title: &str) -> Message {
    let text = "Key ak_7HcX2mPq9LwZtR4bK1nV_…1cDe, which never expires. Done by \"<Bob> & co\".";
    Message::new(Time::from_seconds(NOW), kind, title, text, None)
}

fn email(keys: &[ExpiringKey], messages: &[Message], console_url: Option<&str>) -> Email {
    Email::new(Contents::new("Ann", keys, messages, console_url, Time::from_seconds(NOW)))
}

#[test]
fn one_key_is_named_in_every_part() {
    let email = email(&[key("deploy", 2 * 86_400 - 120)], &[], None);
    insta::assert_snapshot!("one_key_subject", email.subject);
    insta::assert_snapshot!("one_key_text", email.text);
    insta::assert_snapshot!("one_key_html", email.html);
}

#[test]
fn several_keys_are_named_in_their_order_with_a_link() {
    let keys = [key("old", -5), key("soon", 5_000), key("later", 30 * 86_400)];
    let email = email(&keys, &[], Some("https://console.example.com/keys?a=1&b=2"));
    insta::assert_snapshot!("several_keys_subject", email.subject);
    insta::assert_snapshot!("several_keys_text", email.text);
    insta::assert_snapshot!("several_keys_html", email.html);
}

#[test]
fn threats_come_first_and_changes_last() {
    let messages = [
        message(MessageKind::KeyChanged, "\"Bob\" revoked your access key \"old\""),
        message(MessageKind::RetiredSecretUsed, "A retired secret of your access key \"deploy\" was used"),
        message(MessageKind::LeakReported, "Your access key \"deploy\" was reported as leaked"),
    ];
    let email = email(&[key("deploy", 86_400)], &messages, None);
    insta::assert_snapshot!("all_kinds_subject", email.subject);
    insta::assert_snapshot!("all_kinds_text", email.text);
    insta::assert_snapshot!("all_kinds_html", email.html);
}

#[test]
fn messages_alone_are_a_mail_too() {
    let email =
        email(&[], &[message(MessageKind::AccessChanged, "\"Bob\" changed your roles or groups")], None);
    insta::assert_snapshot!("messages_subject", email.subject);
    insta::assert_snapshot!("messages_text", email.text);
}

#[test]
fn three_hundred_keys_are_few_enough_for_mail_programs_that_cut_at_102_kilobytes() {
    let keys: Vec<_> = (0..300).map(|number| key(&format!("deploy-{number}"), number)).collect();
    let email = email(&keys, &[], Some("https://console.example.com"));
    assert!(email.html.len() < 102_000, "{}", email.html.len());
    for number in 0..300 {
        let name = format!("deploy-{number}");
        assert!(email.html.contains(&format!(">{name}<")) && email.text.contains(&format!("* {name}\n")));
    }
}

#[test]
fn the_message_has_the_headers_that_mail_needs() {
    let mut sender = Sender {
        region: None,
        endpoint: None,
        from: "keys@example.com".to_owned(),
        from_name: Some("Access keys".to_owned().try_into().unwrap()),
        reply_to: Some("help@example.com".to_owned()),
        configuration_set: None,
        console_url: None,
    };
    let to = text::Email::try_from("ann@example.com".to_owned()).unwrap();
    let now = Time::from_seconds(NOW);
    let mut message = |console_url: Option<&str>| {
        sender.console_url = console_url.map(str::to_owned);
        let email = email(&[key("déploy", 60)], &[], console_url);
        let message =
            String::from_utf8(email.encode(&sender, &to, "00000000000000000000000000.0", now)).unwrap();
        assert!(message.is_ascii());
        assert!(message.lines().all(|line| line.len() < 998));
        message
    };
    let plain = message(None);
    let headers: Vec<_> =
        plain.lines().take_while(|line| !line.starts_with("Content-Type: multipart")).collect();
    insta::assert_snapshot!("headers", headers.join("\n"));
    let unsubscribe = "List-Unsubscribe: <https://console.example.com/switches>\r\n";
    assert!(message(Some("https://console.example.com/switches")).contains(unsubscribe));
}

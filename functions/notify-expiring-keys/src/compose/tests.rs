use domain::{
    id::{OrganizationId, UserId},
    inbox::MessageKind,
};
use ulid::Ulid;

use super::*;

const NOW: i64 = 1_790_000_000;

fn line(name: &str, seconds: i64) -> Line {
    Line {
        key_name: name.to_owned(),
        masked_key: "ak_7HcX2mPq9LwZtR4bK1nV_…1cDe".to_owned(),
        user_name: "ci <runner> & co".to_owned(),
        organization_name: "Zürich Works".to_owned(),
        expires_at: Time::from_seconds(NOW + seconds),
    }
}

fn message(event: MessageKind, title: &str) -> Message {
    let text = "Key ak_7HcX2mPq9LwZtR4bK1nV_…1cDe, which never expires. Done by <Bob> & co.";
    Message::new(Time::from_seconds(NOW), event, title, text, None)
}

fn letter(lines: &[Line], messages: &[Message], console_url: Option<&str>) -> Letter {
    let (lines, now) = (lines.iter().collect::<Vec<_>>(), Time::from_seconds(NOW));
    Letter::new(&Contents { recipient: "Ann", lines: &lines, messages, console_url, now })
}

#[test]
fn one_key_is_named_in_every_part() {
    let letter = letter(&[line("deploy", 2 * 86_400 - 120)], &[], None);
    insta::assert_snapshot!("one_key_subject", letter.subject);
    insta::assert_snapshot!("one_key_text", letter.text);
    insta::assert_snapshot!("one_key_html", letter.html);
}

#[test]
fn several_keys_are_named_in_their_order_with_a_link() {
    let lines = [line("old", -5), line("soon", 5_000), line("later", 30 * 86_400)];
    let letter = letter(&lines, &[], Some("https://console.example.com/keys?a=1&b=2"));
    insta::assert_snapshot!("several_keys_subject", letter.subject);
    insta::assert_snapshot!("several_keys_text", letter.text);
    insta::assert_snapshot!("several_keys_html", letter.html);
}

#[test]
fn threats_come_first_and_changes_last() {
    let messages = [
        message(MessageKind::KeyChanged, "Bob revoked your access key old"),
        message(MessageKind::RetiredSecretUsed, "A retired secret of your access key deploy was used"),
        message(MessageKind::LeakReported, "Your access key deploy was reported as leaked"),
    ];
    let letter = letter(&[line("deploy", 86_400)], &messages, None);
    insta::assert_snapshot!("all_kinds_subject", letter.subject);
    insta::assert_snapshot!("all_kinds_text", letter.text);
    insta::assert_snapshot!("all_kinds_html", letter.html);
}

#[test]
fn news_alone_are_a_mail_too() {
    let letter =
        letter(&[], &[message(MessageKind::AccessChanged, "Bob changed your roles or groups")], None);
    insta::assert_snapshot!("news_subject", letter.subject);
    insta::assert_snapshot!("news_text", letter.text);
}

#[test]
fn three_hundred_keys_are_few_enough_for_mail_programs_that_cut_at_102_kilobytes() {
    let lines: Vec<_> = (0..300).map(|number| line(&format!("deploy-{number}"), number)).collect();
    let letter = letter(&lines, &[], Some("https://console.example.com"));
    assert!(letter.html.len() < 102_000, "{}", letter.html.len());
    for number in 0..300 {
        let name = format!("deploy-{number}");
        assert!(letter.html.contains(&format!(">{name}<")) && letter.text.contains(&format!("* {name}\n")));
    }
}

#[test]
fn the_message_has_the_headers_that_mail_needs() {
    let mut sender = Sender {
        endpoint: None,
        from: "keys@example.com".to_owned(),
        reply_to: Some("help@example.com".to_owned()),
        configuration_set: None,
        console_url: None,
    };
    let to = Email::try_from("ann@example.com".to_owned()).unwrap();
    let now = Time::from_seconds(NOW);
    let mut mail = Mail::new(UserId::random(), OrganizationId::random(), now, now);
    mail.mail_id = Ulid::nil();
    let mut message = |console_url: Option<&str>| {
        sender.console_url = console_url.map(str::to_owned);
        let letter = letter(&[line("déploy", 60)], &[], console_url);
        let message = String::from_utf8(letter.into_message(&sender, &to, &mail, now)).unwrap();
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

#[test]
fn the_time_left_is_told_to_the_nearest_hour_or_day() {
    for (seconds, told) in [
        (-1, "has expired"),
        (0, "has expired"),
        (1, "expires in less than an hour"),
        (3_600, "expires in 1 hour"),
        (23 * 3_600, "expires in 23 hours"),
        (86_400 - 300, "expires in 1 day"),
        (2 * 86_400 - 300, "expires in 2 days"),
        (30 * 86_400, "expires in 30 days"),
    ] {
        let now = Time::from_seconds(NOW);
        assert_eq!(urgency(now.plus(seconds), now), told);
    }
}

//! Names in mails, through the real function: the sender's, and those that people wrote.

use kit::{DAY, Options, World, run_with};
use serde_json::json;

fn from_name(name: &str) -> Options {
    Options { parameters: [("MailFromName".to_owned(), name.to_owned())].into(), ..Options::default() }
}

/// Lets alice have a key of this name that expires in a day, and returns the mail about it.
async fn mail_about(world: &World, key_name: &str) -> local::Email {
    let organization = world.organization("alice", "strict").await;
    let body = json!({"name": key_name, "expires_in_days": 1});
    organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
    world.travel(DAY + 1);
    world.notify().await;
    let mails = world.stack.emails();
    assert_eq!(mails.len(), 1);
    mails[0].clone()
}

fn header(mail: &local::Email, name: &str) -> String {
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    raw.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned()
}

#[test]
fn mails_come_with_the_name_of_the_sender() {
    for (options, expected) in [
        (Options::default(), "\"Access keys\" <access-keys@example.com>"),
        (from_name("Keys, \"Works\""), r#""Keys, \"Works\"" <access-keys@example.com>"#),
        (from_name("Schlüssel"), "=?utf-8?B?U2NobMO8c3NlbA==?= <access-keys@example.com>"),
        (from_name(""), "<access-keys@example.com>"),
    ] {
        run_with(options, async |world| {
            let mail = mail_about(world, "deploy").await;
            assert_eq!(header(&mail, "From"), expected);
            assert_eq!(mail.from, "access-keys@example.com");
        });
    }
}

#[test]
fn a_name_in_a_mail_reads_as_it_was_written() {
    for (name, subject, html) in [
        ("=?utf-8?q?=41?=", "Access key \"=?utf-8?q?=41?=\" has expired", "=?utf-8?q?=41?="),
        (
            " a  <b> &amp; \"x",
            "Access key “ a  <b> &amp; \"x” has expired",
            " a  &#60;b&#62; &#38;amp; &#34;x",
        ),
        ("می‌خواهم 7", "Access key \"\u{2068}می‌خواهم 7\u{2069}\" has expired", "می‌خواهم 7"),
        ("👩🏽‍🚀 1️⃣ ශ්‍රී", "Access key \"👩🏽‍🚀 1️⃣ ශ්‍රී\" has expired", "👩🏽‍🚀 1️⃣ ශ්‍රී"),
    ] {
        run_with(Options::default(), async |world| {
            let mail = mail_about(world, name).await;
            assert_eq!(mail.subject, subject);
            assert!(mail.text.replace('\r', "").contains(&format!("\n* {name}\n")), "{}", mail.text);
            assert!(mail.html.contains(&format!("<bdi>{html}</bdi>")), "{}", mail.html);
        });
    }
}

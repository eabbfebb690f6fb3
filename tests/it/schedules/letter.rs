use kit::{Item, World};
use local::Email;

use super::cast::{CAST, Who};

/// What a mail says, and to whom.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) to: Who,
    /// The record that it was sent from.
    pub(super) mail_id: String,
    /// The keys that it names with their expiries.
    pub(super) keys: Vec<(String, i64)>,
    /// What it says that others did.
    pub(super) titles: Vec<String>,
}

/// Reads the mails after the first ones.
pub(super) fn letters(world: &World, first: usize) -> Vec<Letter> {
    world.stack.emails().iter().skip(first).map(read).collect()
}

fn read(mail: &Email) -> Letter {
    let (mut keys, mut titles) = (Vec::new(), Vec::new());
    let text = mail.text.replace('\r', "");
    for block in text.split("\n\n").filter(|block| block.starts_with("* ")) {
        if let Some((_, key)) = block.split_once("\n  Key: ak_") {
            let key_id = &key[..20];
            assert!(mail.html.contains(key_id), "the two parts of a mail differ: {mail:?}");
            keys.push((key_id.to_owned(), expiry(block)));
        } else {
            titles.push(block[2..].lines().next().unwrap_or_default().to_owned());
        }
    }
    let raw = String::from_utf8_lossy(&mail.raw);
    let (_, id) = raw.split_once("Message-ID: <").expect("a mail has an id");
    let mail_id = id.split_once('.').expect("the id names the mail").0.to_owned();
    let [to] = &mail.to[..] else { panic!("a mail to several: {mail:?}") };
    let is_it = |name: &str| *to == format!("{name}@example.com");
    let to = CAST.iter().position(|person| is_it(person.name)).expect("the reader is one of the cast");
    Letter { to, mail_id, keys, titles }
}

/// Returns the key and the expiry that a message in an inbox tells; `None` where it tells what another did.
pub(super) fn told_in_inbox(message: &Item) -> Option<(String, i64)> {
    let about_expiry = message["event"] == "key_expiring" || message["event"] == "key_expired";
    let text = message["text"].as_str().filter(|_| about_expiry)?;
    Some((message["key_id"].as_str()?.to_owned(), expiry(text)))
}

fn expiry(block: &str) -> i64 {
    let end = block.find(" UTC").expect("a key is named with its expiry");
    let time: jiff::civil::DateTime = block[end - 19..end].parse().expect("the expiry is a time");
    time.to_zoned(jiff::tz::TimeZone::UTC).expect("it is in range").timestamp().as_second()
}

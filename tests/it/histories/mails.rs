//! Reads mails and inbox messages into the model.

use kit::{Item, World};
use local::Email;
use serde_json::json;

use super::{
    fixtures::{PEOPLE, PersonIndex},
    history::History,
    model::{Channel, Delivery},
};

impl History<'_> {
    /// Reads new mails and messages, and returns how many of the mails were not marked as sent.
    pub(super) fn read(&mut self, at: i64) -> u64 {
        let (number, items) = (self.number, self.world.items());
        let leased = items
            .iter()
            .filter(|item| is_leased(item) || item["SK"].as_str().unwrap().starts_with("PARTING#"));
        self.leased = leased.map(|item| json!({"PK": {"S": item["PK"]}, "SK": {"S": item["SK"]}})).collect();
        let leased = items.iter().filter(|item| is_leased(item));
        let mut leased: Vec<_> = leased.map(|mail| mail["mail_id"].as_str().unwrap()).collect();
        let mut unmarked = 0;
        for mail in mails(self.world, self.read_mails) {
            self.read_mails += 1;
            let left = leased.iter().position(|mail_id| *mail_id == mail.mail_id);
            let marked = left.map(|position| leased.swap_remove(position)).is_none();
            unmarked += u64::from(!marked);
            let to = (Channel::Mail, mail.to);
            self.model.deliver(Delivery { number, at, to, keys: mail.keys, titles: mail.titles }, marked);
        }
        for message in items.iter().filter(|item| item["SK"].as_str().unwrap().starts_with("INBOX#")) {
            if self.read_messages.insert(message["SK"].to_string()) {
                let to = self.copy.user_ids.iter().position(|id| message["PK"] == format!("USER#{id}"));
                let (key, title) = (announced_expiry(message), message["title"].as_str().unwrap().to_owned());
                let titles = if key.is_some() { Vec::new() } else { vec![title] };
                let (at, to) = (message["at"].as_i64().unwrap(), (Channel::Inbox, to.unwrap()));
                self.model.deliver(Delivery { number, at, to, keys: Vec::from_iter(key), titles }, true);
            }
        }
        unmarked
    }
}

/// The recipient and the content of a mail.
#[derive(Debug)]
struct ReceivedMail {
    to: PersonIndex,
    /// The mail record that it was sent from.
    mail_id: String,
    /// The keys that it names, with their expiries.
    keys: Vec<(String, i64)>,
    /// The changes by other users that it reports.
    titles: Vec<String>,
}

/// Reads the mails after the first ones.
fn mails(world: &World, first: usize) -> Vec<ReceivedMail> {
    world.stack.emails().iter().skip(first).map(read).collect()
}

fn read(mail: &Email) -> ReceivedMail {
    let (mut keys, mut titles) = (Vec::new(), Vec::new());
    let text = mail.text.replace('\r', "");
    for block in text.split("\n\n").filter(|block| block.starts_with("* ")) {
        if let Some((_, key)) = block.split_once("\n  Key: ak_") {
            let key_id = &key[..20];
            assert!(mail.html.contains(key_id), "the two parts of a mail differ: {mail:?}");
            keys.push((key_id.to_owned(), expiry(block)));
        } else {
            let title = block[2..].lines().next().unwrap_or_default();
            // Mails about changes of an account go to former addresses, whoever is suspended.
            titles.extend((!title.contains(" your account in ")).then(|| title.to_owned()));
        }
    }
    let raw = String::from_utf8_lossy(&mail.raw);
    let (_, id) = raw.split_once("Message-ID: <").expect("a mail has an id");
    let mail_id = id.split_once('.').expect("the id names the mail").0.to_owned();
    let [to] = &mail.to[..] else { panic!("a mail to several: {mail:?}") };
    let is_it = |name: &str| ["", "2"].iter().any(|suffix| *to == format!("{name}{suffix}@example.com"));
    let to = PEOPLE
        .iter()
        .position(|person| is_it(person.name))
        .expect("the recipient is a person of the fixtures");
    ReceivedMail { to, mail_id, keys, titles }
}

/// Returns the key and the expiry that an inbox message announces; `None` if it reports a change.
fn announced_expiry(message: &Item) -> Option<(String, i64)> {
    let about_expiry = message["event"] == "key_expiring" || message["event"] == "key_expired";
    let text = message["text"].as_str().filter(|_| about_expiry)?;
    Some((message["key_id"].as_str()?.to_owned(), expiry(text)))
}

fn expiry(block: &str) -> i64 {
    let end = block.find(" UTC").expect("a key is named with its expiry");
    let time: jiff::civil::DateTime = block[end - 19..end].parse().expect("the expiry is a time");
    jiff::tz::TimeZone::UTC.to_timestamp(time).expect("it is in range").as_second()
}

fn is_leased(item: &Item) -> bool {
    item["SK"].as_str().is_some_and(|place| place.starts_with("MAIL#")) && item["status"] == "leased"
}

//! The people, keys and policies of every history.

use kit::{Client, World};
use serde_json::Value;

/// A position in [`PEOPLE`].
pub(super) type PersonIndex = usize;

#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) has_address: bool,
}

/// The users of every organization.
pub(super) const PEOPLE: [Person; 6] = [
    person("alice", "owner", true),
    person("olga", "owner", true),
    person("nick", "normal", true),
    person("pia", "normal", true),
    person("mona", "machine", true),
    person("max", "machine", false),
];

/// The owner who makes the organization.
pub(super) const ALICE: PersonIndex = 0;

/// A user whose role permits to write the keys of others.
pub(super) const NICK: PersonIndex = 2;

/// Days: the lifetimes of the keys that each person has.
pub(super) const LIFETIMES: [i64; 6] = [1, 5, 9, 26, 40, 90];

/// The number of keys in the template.
pub(super) const KEYS: usize = PEOPLE.len() * LIFETIMES.len();

/// Preset and extension of each policy, and whether it notifies owners, creators and modifiers of every key.
pub(super) const POLICIES: [(&str, &str, bool); 3] =
    [("strict", "none", false), ("strict", "any_time", false), ("flexible", "any_time", true)];

const fn person(name: &'static str, kind: &'static str, has_address: bool) -> Person {
    Person { name, kind, has_address }
}

/// Returns the user and the creator of a key.
pub(super) fn made_by(key: usize) -> (PersonIndex, PersonIndex) {
    let user = key / LIFETIMES.len();
    let creator = match PEOPLE[user].kind {
        "machine" if key.is_multiple_of(2) => NICK,
        "machine" => ALICE,
        _ => user,
    };
    (user, creator)
}

/// Signs a person in.
pub(super) fn client(world: &World, who: PersonIndex) -> Client {
    world.person(PEOPLE[who].name)
}

/// Reads a time as the API answers it; `None` for null.
pub(super) fn seconds(time: &Value) -> Option<i64> {
    Some(time.as_str()?.parse::<jiff::Timestamp>().unwrap().as_second())
}

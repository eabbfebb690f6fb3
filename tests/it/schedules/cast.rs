use kit::{Client, World};
use serde_json::Value;

/// A position in the cast.
pub(super) type Who = usize;

#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) has_address: bool,
}

/// The users of every organization.
pub(super) const CAST: [Person; 6] = [
    person("alice", "owner", true),
    person("olga", "owner", true),
    person("nick", "normal", true),
    person("pia", "normal", true),
    person("mona", "machine", true),
    person("max", "machine", false),
];

/// Made the organization.
pub(super) const ALICE: Who = 0;

/// Has a role that lets him write the keys of others.
pub(super) const NICK: Who = 2;

/// The lifetimes of the keys that each of the cast has, in days.
pub(super) const LIFETIMES: [i64; 6] = [1, 5, 9, 26, 40, 90];

/// How many keys the cast has.
pub(super) const KEYS: usize = CAST.len() * LIFETIMES.len();

/// What the policies are made from, and whether owners, creators and modifiers hear of every key.
pub(super) const POLICIES: [(&str, &str, bool); 3] =
    [("strict", "none", false), ("strict", "any_time", false), ("flexible", "any_time", true)];

const fn person(name: &'static str, kind: &'static str, has_address: bool) -> Person {
    Person { name, kind, has_address }
}

/// Returns whose a key of the cast is, and who made it.
pub(super) fn made_by(key: usize) -> (Who, Who) {
    let user = key / LIFETIMES.len();
    let creator = match CAST[user].kind {
        "machine" if key.is_multiple_of(2) => NICK,
        "machine" => ALICE,
        _ => user,
    };
    (user, creator)
}

/// Signs one of the cast in.
pub(super) fn client(world: &World, who: Who) -> Client {
    world.person(CAST[who].name)
}

/// Reads a time as the API answers it; `None` for null.
pub(super) fn seconds(time: &Value) -> Option<i64> {
    Some(time.as_str()?.parse::<jiff::Timestamp>().unwrap().as_second())
}

//! A line for each stored item, without ids and times, which differ between runs.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    secret::{Peppers, RetiredSecret, StoredSecret},
    token::{KeyPrefix, Token},
};
use kit::{Item, World};
use serde_json::Value;

use super::{fixture::Fixture, play::Ended};

/// Describes the items of one state.
pub(super) struct Describer {
    peppers: Peppers,
    /// The secrets that requests answered, with their names.
    tokens: Vec<(String, String)>,
    names: BTreeMap<String, String>,
    /// The partitions of the users that there are.
    users: BTreeSet<String>,
    now: i64,
}

impl Describer {
    /// `ended` has the positions of the requests.
    pub(super) fn new(
        world: &World,
        fixture: &Fixture,
        ended: &BTreeMap<usize, Ended>,
        items: &[Item],
    ) -> Self {
        let pepper = world.stack.secret(&world.stack.environment()["PEPPER_SECRET_ID"]).unwrap();
        let mut names = BTreeMap::from([
            (fixture.organization.id.clone(), "organization".to_owned()),
            (fixture.carol.clone(), "carol".to_owned()),
            (fixture.dave.clone(), "dave".to_owned()),
        ]);
        let mut tokens = Vec::new();
        let original = [("first".to_owned(), &fixture.key), ("expired".to_owned(), &fixture.expired)];
        let answered = ended.iter().filter_map(|(request, ended)| match ended {
            Ended::Answered(answer) => Some((format!("of {request}"), &answer.body)),
            Ended::Ran(_) => None,
        });
        for (label, key) in original.into_iter().chain(answered) {
            if let (Some(id), Some(name)) = (key["key_id"].as_str(), key["name"].as_str()) {
                names.insert(id.to_owned(), name.to_owned());
            }
            if let Some(token) = key["secret"]["token"].as_str() {
                tokens.push((label, token.to_owned()));
            }
        }
        let mut users = BTreeSet::new();
        for item in items {
            let by_id = |id: &str| Some((item.get(id)?.as_str()?.to_owned(), text(item, "name")));
            if item["SK"] == "USER" {
                names.extend(by_id("user_id"));
                users.insert(text(item, "PK"));
            }
            names.extend(by_id("key_id").filter(|_| text(item, "SK").starts_with("KEY#")));
        }
        let now = world.stack.clock().now().as_second();
        Self { peppers: Peppers::parse(&pepper).unwrap(), tokens, names, users, now }
    }

    /// Describes an item; nothing where it says nothing of its own.
    pub(super) fn line(&self, item: &Item) -> Option<String> {
        let (partition, sort) = (text(item, "PK"), text(item, "SK"));
        let whose = self.name(partition.split('#').nth(1).unwrap_or_default());
        if item.contains_key("audit_id") {
            return Some(format!(
                "event {} {}",
                text(item, "action"),
                self.name(&text_of(&item["target"]["id"]))
            ));
        }
        // What a request leaves beside its change, the table removes some day.
        if partition.starts_with("USER#") && !self.users.contains(&partition) && !sort.starts_with("KEY#") {
            assert!(item.contains_key("ttl") || item.contains_key("due_at"), "it stays for ever: {item:?}");
            return None;
        }
        let kind = sort.split('#').next().unwrap_or_default();
        let rest = match kind {
            "USER" => self.user(item),
            "KEY" => self.key(item),
            "ORG" if sort == "ORG" => self.organization(item),
            "EMAIL" | "SUBJECT" => format!("{sort} {}", self.name(&text(item, "user_id"))),
            "NOTICE" => format!("stage {} {}", item["stage"], sort.rsplit('#').next().unwrap_or_default()),
            "MAIL" => text(item, "status"),
            "INBOX" => text(item, "title"),
            "OUTBOX" | "IDEMPOTENCY" | "PARTING" | "DUE" | "OWNED" => String::new(),
            _ => return None,
        };
        Some(format!("{kind} of {whose}: {rest}"))
    }

    fn user(&self, user: &Item) -> String {
        let live = user.get("live_keys").and_then(Value::as_object).into_iter().flatten();
        let live: BTreeMap<_, _> = live
            .map(|(suffix, expiry)| {
                let id = format!("{}{suffix}", text(user, "user_id"));
                (self.name(&id), self.days(expiry))
            })
            .collect();
        let [status, kind, email] = ["status", "kind", "email"].map(|name| text(user, name));
        let [proven, subject] = ["proven_email", "subject"].map(|name| text(user, name));
        format!("{status} {kind} {email} proven {proven} linked to {subject}, live {live:?}")
    }

    fn key(&self, key: &Item) -> String {
        let is_set = |name: &str| key.contains_key(name);
        let retired = key.get("retired").and_then(Value::as_array).into_iter().flatten();
        let retired: Vec<_> = retired
            .map(|retired| {
                let retired: RetiredSecret = serde_json::from_value(retired.clone()).unwrap();
                self.label(|token| self.peppers.retired_tag_matches(&retired, token))
            })
            .collect();
        let previous = key.get("previous").map(|previous| self.secret(&previous["secret"]));
        format!(
            "{} version {} revoked {} off {} expires {} due {} secret {} previous {previous:?} retired {retired:?}",
            text(key, "name"),
            key.get("version").unwrap_or(&Value::Null),
            is_set("revoked_at"),
            is_set("deactivated_by"),
            self.days(key.get("expires_at").unwrap_or(&Value::Null)),
            self.days(key.get("due_at").unwrap_or(&Value::Null)),
            self.secret(key.get("secret").unwrap_or(&Value::Null)),
        )
    }

    fn organization(&self, organization: &Item) -> String {
        let owners = |name: &str| {
            let ids = organization.get(name).and_then(Value::as_array).into_iter().flatten();
            ids.map(|id| self.name(&text_of(id))).collect::<BTreeSet<_>>()
        };
        let quota = &organization["policy"]["quota"];
        format!("quota {quota}, owners {:?} {:?}", owners("owner_ids"), owners("entered_owner_ids"))
    }

    fn secret(&self, stored: &Value) -> String {
        let Ok(stored) = serde_json::from_value::<StoredSecret>(stored.clone()) else {
            return format!("unreadable: {stored}");
        };
        self.label(|token| self.peppers.tag_matches(&stored, token).unwrap())
    }

    /// Returns the request whose answer holds the token.
    fn label(&self, is_it: impl Fn(Token<'_>) -> bool) -> String {
        let prefix: KeyPrefix = "ak".parse().unwrap();
        let mut tokens = self.tokens.iter();
        let found = tokens.find(|(_, token)| is_it(Token::parse(&prefix, token).unwrap()));
        found.map_or_else(|| "of nobody".to_owned(), |(label, _)| label.clone())
    }

    fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| "another".to_owned())
    }

    /// Returns how many days from now a time is, to the nearest hour.
    fn days(&self, time: &Value) -> String {
        let hours = |at: i64| (at - self.now + 1_800).div_euclid(3_600);
        let days = |at: i64| format!("{}d{}h", hours(at).div_euclid(24), hours(at).rem_euclid(24));
        time.as_i64().map_or_else(|| "never".to_owned(), days)
    }
}

fn text(item: &Item, name: &str) -> String {
    item.get(name).map(text_of).unwrap_or_default()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

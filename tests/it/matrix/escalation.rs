//! Changes of what carries more than the caller holds, and of how much a key may do: every kind of caller.

use kit::{Client, Options, Organization, World, run_with};
use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::state;

/// Who sends a change. *Weak* callers hold the rights to change everything, but not all that the target may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Owner,
    OwnersKey,
    OwnersWeakKey,
    MightyPerson,
    MightyPersonsKey,
    WeakPerson,
    WeakPersonsKey,
    PersonWithoutRoles,
    MightyMachine,
    WeakMachine,
}

const CALLERS: [Caller; 10] = [
    Caller::Owner,
    Caller::OwnersKey,
    Caller::OwnersWeakKey,
    Caller::MightyPerson,
    Caller::MightyPersonsKey,
    Caller::WeakPerson,
    Caller::WeakPersonsKey,
    Caller::PersonWithoutRoles,
    Caller::MightyMachine,
    Caller::WeakMachine,
];

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    /// Changes or removes something that carries more than weak callers hold.
    ChangesMore,
    /// Lets a key do more that carries, or would carry, more than weak callers hold.
    LoosensMore,
    /// Ends such a key.
    EndsMore,
    /// Changes another key of the caller's own user, so that it does no more.
    ChangesOwn,
    /// Lets another key of the caller's own user do more.
    LoosensOwn,
}
use Column::{ChangesMore, ChangesOwn, EndsMore, LoosensMore, LoosensOwn};

impl Caller {
    fn may(self, column: Column) -> bool {
        let comes_with_a_key =
            !matches!(self, Self::Owner | Self::MightyPerson | Self::WeakPerson | Self::PersonWithoutRoles);
        let weak =
            matches!(self, Self::OwnersWeakKey | Self::WeakPerson | Self::WeakPersonsKey | Self::WeakMachine);
        match column {
            ChangesMore | LoosensMore => !weak && self != Self::PersonWithoutRoles,
            EndsMore => self != Self::PersonWithoutRoles,
            // A restricted key does not bring its person's own rights.
            ChangesOwn => self != Self::OwnersWeakKey,
            LoosensOwn => !comes_with_a_key,
        }
    }
}

/// A change: what it does, its route and its body.
type Change = (Column, &'static str, Value);

/// Lists the changes in an order in which each can be done after all before it.
fn changes() -> Vec<Change> {
    let quiet = json!({"notifications": {"key_expired": {"email": false}}});
    let key = json!({"name": "new", "expires_in_days": 1});
    vec![
        (ChangesMore, "PATCH …/users/{user}", json!({"name": "renamed"})),
        (ChangesMore, "PATCH …/users/{user}", quiet),
        (ChangesMore, "PATCH …/users/{user}", json!({"email": "{label}@example.com"})),
        (ChangesMore, "PATCH …/users/{user}", json!({"groups": ["{label}"]})),
        (ChangesMore, "POST …/users/{user}/access-keys", key),
        (ChangesMore, "PATCH …/access-keys/{key}", json!({"name": "renamed"})),
        (ChangesMore, "PATCH …/access-keys/{key}", json!({"description": "new"})),
        (ChangesMore, "PATCH …/access-keys/{key}", json!({"expires_in_days": 20})),
        (ChangesMore, "PATCH …/access-keys/{key}", json!({"allowed_cidrs": ["10.0.0.0/9"]})),
        (ChangesMore, "POST …/access-keys/{key}/rotate", Value::Null),
        (ChangesMore, "PUT …/roles/{label}", json!({"permissions": ["mighty:read"]})),
        (ChangesMore, "PUT …/groups/{label}", json!({"roles": ["{label}"], "description": "new"})),
        (LoosensMore, "PATCH …/access-keys/{key}", json!({"expires_in_days": 40})),
        (LoosensMore, "PATCH …/access-keys/{key}", json!({"never_expires": true})),
        (LoosensMore, "PATCH …/access-keys/{key}", json!({"allowed_cidrs": ["10.0.0.0/7"]})),
        (LoosensMore, "PATCH …/access-keys/{key}", json!({"allowed_cidrs": null})),
        (LoosensMore, "PATCH …/access-keys/{off}", json!({"active": true})),
        (LoosensMore, "PATCH …/access-keys/{narrowed}", json!({"roles": ["{label}"]})),
        (LoosensMore, "PATCH …/access-keys/{narrowed}", json!({"groups": ["{label}"]})),
        (EndsMore, "PATCH …/access-keys/{key}", json!({"active": false})),
        (EndsMore, "POST …/access-keys/{key}/revoke", Value::Null),
        (EndsMore, "DELETE …/access-keys/{off}", Value::Null),
        (ChangesOwn, "PATCH …/access-keys/{own}", json!({"name": "{label}"})),
        (ChangesOwn, "PATCH …/access-keys/{own}", json!({"allowed_cidrs": ["10.0.0.0/9"]})),
        (LoosensOwn, "PATCH …/access-keys/{own}", json!({"expires_in_days": 40})),
        (LoosensOwn, "PATCH …/access-keys/{own}", json!({"never_expires": true})),
        (LoosensOwn, "PATCH …/access-keys/{own}", json!({"allowed_cidrs": null})),
        (LoosensOwn, "PATCH …/access-keys/{own off}", json!({"active": true})),
        (ChangesMore, "PATCH …/users/{user}", json!({"status": "suspended"})),
        (ChangesMore, "DELETE …/users/{user}", Value::Null),
        (ChangesMore, "DELETE …/groups/{label}", Value::Null),
        (ChangesMore, "DELETE …/roles/{label}", Value::Null),
    ]
}

/// Makes a key of 30 days and returns its id with a client that comes with it.
async fn key(world: &World, by: &Client, path: &str, more: Value) -> (String, Client) {
    let mut body = json!({"name": "key", "expires_in_days": 30});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = by.post(path, body).await.expect(201);
    (made["key_id"].as_str().unwrap().to_owned(), world.key(made["secret"]["token"].as_str().unwrap()))
}

/// The changes that one caller sends.
struct Share<'a>(Vec<&'a Change>);

impl Share<'_> {
    /// Tells whether a change names this.
    fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(_, route, body)| route.contains(name) || body.to_string().contains(name))
    }
}

/// The names in changes, with their values.
type Values = Vec<(&'static str, String)>;

/// Makes those of these keys that the changes name.
async fn keys(
    world: &World,
    by: &Client,
    path: &str,
    share: &Share<'_>,
    wanted: &[(&'static str, Value)],
) -> Values {
    let mut made = vec![];
    for (name, more) in wanted {
        if share.names(name) {
            made.push((*name, key(world, by, path, more.clone()).await.0));
        }
    }
    made
}

async fn switch_off(by: &Client, organization: &Organization, keys: &Values, name: &str) {
    for (_, key_id) in keys.iter().filter(|(made, _)| *made == name) {
        let path = format!("{}/access-keys/{key_id}", organization.path);
        by.patch(&path, json!({"active": false})).await.expect(200);
    }
}

/// Makes a caller, and keys of its own user.
async fn sender(
    world: &World,
    organization: &Organization,
    caller: Caller,
    share: &Share<'_>,
) -> (Client, Values) {
    let name = format!("{caller:?}").to_lowercase();
    let roles: &[&str] = match caller {
        Caller::MightyPerson | Caller::MightyPersonsKey | Caller::MightyMachine => &["manager", "mighty"],
        Caller::WeakPerson | Caller::WeakPersonsKey | Caller::WeakMachine => &["manager"],
        _ => &[],
    };
    let owner = &organization.owner;
    let (maker, user_id) = match caller {
        Caller::Owner | Caller::OwnersKey | Caller::OwnersWeakKey => (owner.clone(), "me".to_owned()),
        Caller::MightyMachine | Caller::WeakMachine => {
            (owner.clone(), organization.machine_with(&name, roles).await)
        }
        _ => {
            let user = organization.user_path(&organization.invite(&name).await);
            owner.patch(&user, json!({"roles": roles})).await.expect(200);
            let person = world.person(&name);
            // The first sign-in links the person to the user.
            person.get(&organization.user_path("me")).await.expect(200);
            (person, "me".to_owned())
        }
    };
    let path = organization.keys_of(&user_id);
    let bound = json!({"allowed_cidrs": ["10.0.0.0/8"]});
    let own = keys(world, &maker, &path, share, &[("{own}", bound.clone()), ("{own off}", bound)]).await;
    switch_off(&maker, organization, &own, "{own off}").await;
    let client = match caller {
        Caller::Owner | Caller::MightyPerson | Caller::WeakPerson | Caller::PersonWithoutRoles => maker,
        Caller::OwnersWeakKey => key(world, &maker, &path, json!({"roles": ["manager"]})).await.1,
        _ => key(world, &maker, &path, json!({})).await.1,
    };
    (client, own)
}

/// Makes a machine with keys, a role and a group that carry what weak callers do not hold.
async fn target(world: &World, organization: &Organization, number: usize, share: &Share<'_>) -> Values {
    let (label, owner) = (format!("mighty-{number}"), &organization.owner);
    organization.role(&label, &["mighty:*"]).await;
    owner.put(&format!("{}/groups/{label}", organization.path), json!({"roles": [label]})).await.expect(200);
    let user = organization.machine_with(&label, &[&label]).await;
    let wanted = [
        ("{key}", json!({"allowed_cidrs": ["10.0.0.0/8"]})),
        ("{off}", json!({})),
        ("{narrowed}", json!({"roles": []})),
    ];
    let mut values = keys(world, owner, &organization.keys_of(&user), share, &wanted).await;
    switch_off(owner, organization, &values, "{off}").await;
    values.extend([("…", organization.path.clone()), ("{label}", label), ("{user}", user)]);
    values
}

/// Sends the changes in turn. Each must be done, or be refused and change nothing.
async fn check(world: &World, caller: Caller, client: &Client, values: &Values, share: &Share<'_>) {
    let filled =
        |text: &str| values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let mut before = state(world);
    for (column, route, body) in &share.0 {
        let (method, path) = route.split_once(' ').unwrap();
        let sent = serde_json::from_str(&filled(&body.to_string())).unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client.send(method, &filled(path), Some(sent)).await;
        let after = state(world);
        let (may, right) = if caller.may(*column) {
            ("may", (200..300).contains(&answer.status) && before != after)
        } else {
            let forbidden = answer.status == 403 && answer.body["code"] == "forbidden";
            ("may not", forbidden && before == after)
        };
        assert!(right, "{caller:?} {may}: {column:?}, {route} {body}: {} {}", answer.status, answer.body);
        before = after;
    }
}

#[test]
fn no_caller_changes_what_carries_more_or_loosens_a_key_beyond_its_rights() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let quota = json!({"policy": {"quota": {"normal": 9, "machine": 9}}});
        organization.owner.patch(&organization.path, quota).await.expect(200);
        organization.role("mighty", &["mighty:*"]).await;
        organization.role("manager", &["access-keys:*", "users:*", "roles:*"]).await;
        let all = changes();
        // The other part of the matrix plays most of its cells.
        let step = (all.len() * CALLERS.len()).div_ceil(kit::share::matrix_cells().div_ceil(3).max(1));
        let mut senders = vec![];
        for (position, caller) in CALLERS.into_iter().enumerate() {
            let chosen =
                all.iter().enumerate().filter(|(number, _)| (number + position).is_multiple_of(step));
            let share = Share(chosen.map(|(_, change)| change).collect());
            let (client, own) = sender(world, &organization, caller, &share).await;
            senders.push((caller, client, own, share));
        }
        world.forget_organizations().await;
        for (position, (caller, client, own, share)) in senders.into_iter().enumerate() {
            let mut values = target(world, &organization, position, &share).await;
            values.extend(own);
            check(world, caller, &client, &values, &share).await;
        }
    });
}

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

/// Lists the changes in an order in which each can be done after all before it.
fn changes() -> Vec<(Column, &'static str, Value)> {
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

/// A caller, and two more keys of its user: one that is on, and one that is off.
struct Sender {
    client: Client,
    own: String,
    own_off: String,
}

async fn sender(world: &World, organization: &Organization, caller: Caller) -> Sender {
    let name = format!("{caller:?}").to_lowercase();
    let roles = match caller {
        Caller::MightyPerson | Caller::MightyPersonsKey | Caller::MightyMachine => {
            json!(["manager", "mighty"])
        }
        Caller::WeakPerson | Caller::WeakPersonsKey | Caller::WeakMachine => json!(["manager"]),
        _ => json!([]),
    };
    let owner = &organization.owner;
    let (maker, user_id) = match caller {
        Caller::Owner | Caller::OwnersKey | Caller::OwnersWeakKey => (owner.clone(), "me".to_owned()),
        Caller::MightyMachine | Caller::WeakMachine => (owner.clone(), organization.machine(&name).await),
        _ => {
            let user_id = organization.invite(&name).await;
            let person = world.person(&name);
            person.get(&organization.path).await.expect(200);
            owner.patch(&organization.user_path(&user_id), json!({"roles": roles})).await.expect(200);
            (person, "me".to_owned())
        }
    };
    if user_id != "me" {
        owner.patch(&organization.user_path(&user_id), json!({"roles": roles})).await.expect(200);
    }
    let path = organization.keys_of(&user_id);
    let restriction = if caller == Caller::OwnersWeakKey { json!({"roles": ["manager"]}) } else { json!({}) };
    let (_, by_key) = key(world, &maker, &path, restriction).await;
    let bound = json!({"allowed_cidrs": ["10.0.0.0/8"]});
    let own = key(world, &maker, &path, bound.clone()).await.0;
    let own_off = key(world, &maker, &path, bound).await.0;
    let off = format!("{}/access-keys/{own_off}", organization.path);
    maker.patch(&off, json!({"active": false})).await.expect(200);
    let signed_in = matches!(
        caller,
        Caller::Owner | Caller::MightyPerson | Caller::WeakPerson | Caller::PersonWithoutRoles
    );
    Sender { client: if signed_in { maker } else { by_key }, own, own_off }
}

/// Makes a machine with keys, a role and a group that carry what weak callers do not hold, and names them.
async fn target(
    world: &World,
    organization: &Organization,
    sender: &Sender,
    number: usize,
) -> Vec<(&'static str, String)> {
    let label = format!("mighty-{number}");
    let owner = &organization.owner;
    organization.role(&label, &["mighty:*"]).await;
    owner.put(&format!("{}/groups/{label}", organization.path), json!({"roles": [label]})).await.expect(200);
    let user = organization.machine_with(&label, &[&label]).await;
    let path = organization.keys_of(&user);
    let bound = key(world, owner, &path, json!({"allowed_cidrs": ["10.0.0.0/8"]})).await.0;
    let (off, narrowed) =
        (key(world, owner, &path, json!({})).await.0, key(world, owner, &path, json!({"roles": []})).await.0);
    let switch = format!("{}/access-keys/{off}", organization.path);
    owner.patch(&switch, json!({"active": false})).await.expect(200);
    vec![
        ("…", organization.path.clone()),
        ("{label}", label),
        ("{user}", user),
        ("{key}", bound),
        ("{off}", off),
        ("{narrowed}", narrowed),
        ("{own}", sender.own.clone()),
        ("{own off}", sender.own_off.clone()),
    ]
}

#[test]
fn no_caller_changes_what_carries_more_or_loosens_a_key_beyond_its_rights() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let quota = json!({"policy": {"quota": {"normal": 9, "machine": 9}}});
        organization.owner.patch(&organization.path, quota).await.expect(200);
        organization.role("mighty", &["mighty:*"]).await;
        organization.role("manager", &["access-keys:*", "users:*", "roles:*"]).await;
        let changes = changes();
        let step = (changes.len() * CALLERS.len()).div_ceil(kit::share::matrix_cells().max(1));
        let mut senders = vec![];
        for caller in CALLERS {
            senders.push((caller, sender(world, &organization, caller).await));
        }
        world.forget_organizations().await;
        for (position, (caller, sender)) in senders.iter().enumerate() {
            let names = target(world, &organization, sender, position).await;
            let filled = |text: &str| {
                names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
            };
            for (number, (column, route, body)) in changes.iter().enumerate() {
                if !(number + position).is_multiple_of(step) {
                    continue;
                }
                let (method, path) = route.split_once(' ').unwrap();
                let body = serde_json::from_str(&filled(&body.to_string())).unwrap();
                let before = state(world);
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = sender.client.send(method, &filled(path), Some(body)).await;
                let unchanged = before == state(world);
                let right = if caller.may(*column) {
                    (200..300).contains(&answer.status) && !unchanged
                } else {
                    answer.status == 403 && answer.body["code"] == "forbidden" && unchanged
                };
                let may = if caller.may(*column) { "may" } else { "may not" };
                assert!(
                    right,
                    "{caller:?} {may}: {column:?}, {route} {}: {} {}",
                    changes[number].2, answer.status, answer.body
                );
            }
        }
    });
}

//! The organizations, people and keys of the matrix.

use kit::{Client, Item, Organization, World};
use serde_json::{Value, json};

/// A user with a key, a message, a role and a group: one of everything that a path can name.
#[derive(Clone)]
pub(super) struct Resources {
    pub(super) user_id: String,
    pub(super) key_id: String,
    pub(super) message_id: String,
    pub(super) label: String,
    pub(super) person: Client,
    pub(super) key: Client,
}

/// An organization with people and keys, a suspended one, and a foreign one.
pub(super) struct Fixtures<'a> {
    pub(super) world: &'a World,
    pub(super) made: usize,
    pub(super) organization: Organization,
    pub(super) suspended: Organization,
    pub(super) foreign: Organization,
}

impl Fixtures<'_> {
    pub(super) fn unique(&mut self) -> String {
        self.made += 1;
        format!("n{}", self.made)
    }

    pub(super) async fn resources(&mut self, organization: &Organization, is_machine: bool) -> Resources {
        let label = self.unique();
        let (owner, path) = (&organization.owner, &organization.path);
        owner.put(&format!("{path}/roles/{label}"), json!({"permissions": []})).await.expect(200);
        owner.put(&format!("{path}/groups/{label}"), json!({"roles": []})).await.expect(200);
        let person = self.world.person(&label);
        let (user_id, by) = if is_machine {
            (organization.machine(&label).await, owner)
        } else {
            (organization.invite(&label).await, &person)
        };
        let body = json!({"name": "key", "expires_in_days": 30});
        let key = by.post(&organization.keys_of(&user_id), body).await.expect(201);
        owner.patch(&organization.user_path(&user_id), json!({"roles": [label]})).await.expect(200);
        let message_id = message_of(self.world, &user_id);
        let (key_id, key) = (key["key_id"].as_str().unwrap().to_owned(), client(self.world, &key));
        Resources { user_id, key_id, message_id, label, person, key }
    }

    /// Makes a machine with a role of this permission, and returns a client with its key.
    pub(super) async fn key_with(&mut self, permission: &str) -> Client {
        let name = self.unique();
        self.organization.role(&name, &[permission]).await;
        let machine = self.organization.machine_with(&name, &[&name]).await;
        client(self.world, &self.organization.key(&machine, 30).await)
    }
}

fn client(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

fn message_of(world: &World, user_id: &str) -> String {
    let key = format!("USER#{user_id}");
    let messages = world.items_of("INBOX#");
    // A machine gets no messages: any id does.
    let message = messages.iter().find(|message| message["PK"] == key.as_str());
    let id = message.map_or("01K00000000000000000000000", |message| message["message_id"].as_str().unwrap());
    id.to_owned()
}

/// Reads the whole table, except for the last use of keys.
pub(crate) fn state(world: &World) -> Vec<Item> {
    let mut items = world.items();
    for item in &mut items {
        item.remove("last_used_at");
    }
    items.sort_by_key(|item| format!("{} {}", item["PK"], item["SK"]));
    items
}

//! An organization with users and keys, made through the API.

use serde_json::{Value, json};

use crate::{Client, World};

/// An organization with its first owner signed in.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its path, as `/v1/organizations/…`.
    pub path: String,
    /// Its first owner.
    pub owner: Client,
}

/// A key as it was answered at its creation.
type Key = Value;

impl Organization {
    pub(crate) async fn create(world: &World, owner: &str, policy: &str) -> Self {
        let owner_client = world.person(owner);
        let body = json!({"name": format!("{owner}'s"), "policy": policy});
        let made = owner_client.post("/v1/organizations", body).await.expect(201);
        let id = text(&made, "organization_id");
        Self { path: format!("/v1/organizations/{id}"), id, owner: owner_client }
    }

    /// Makes a machine user and returns its id.
    pub async fn machine(&self, name: &str) -> String {
        let body = json!({"kind": "machine", "name": name});
        text(&self.owner.post(&format!("{}/users", self.path), body).await.expect(201), "user_id")
    }

    /// Invites a person as a normal user and returns the user's id.
    pub async fn invite(&self, name: &str) -> String {
        self.invite_as(name, "normal").await
    }

    /// Invites a person as a user of this kind and returns the user's id.
    pub async fn invite_as(&self, name: &str, kind: &str) -> String {
        let body = json!({"kind": kind, "name": name, "email": format!("{name}@example.com")});
        text(&self.owner.post(&format!("{}/users", self.path), body).await.expect(201), "user_id")
    }

    /// Invites a person as a user of this kind, signs the person in, which proves the address, and returns the
    /// user's id.
    pub async fn join_as(&self, world: &World, name: &str, kind: &str) -> String {
        let user_id = self.invite_as(name, kind).await;
        world.person(name).get(&self.user_path("me")).await.expect(200);
        user_id
    }

    /// Makes a key that lives for a number of days.
    pub async fn key(&self, user_id: &str, days: i64) -> Key {
        let body = json!({"name": "key", "expires_in_days": days});
        self.owner.post(&self.keys_of(user_id), body).await.expect(201)
    }

    /// Makes a machine user with a key of 90 days.
    pub async fn machine_key(&self) -> Key {
        let machine = self.machine("machine").await;
        self.key(&machine, 90).await
    }

    /// Sets a role with these permissions.
    pub async fn role(&self, name: &str, permissions: &[&str]) {
        let path = format!("{}/roles/{name}", self.path);
        self.owner.put(&path, json!({"permissions": permissions})).await.expect(200);
    }

    /// Makes a machine user with these roles and returns its id.
    pub async fn machine_with(&self, name: &str, roles: &[&str]) -> String {
        let body = json!({"kind": "machine", "name": name, "roles": roles});
        text(&self.owner.post(&format!("{}/users", self.path), body).await.expect(201), "user_id")
    }

    /// Returns the path of a user's keys.
    #[must_use]
    pub fn keys_of(&self, user_id: &str) -> String {
        format!("{}/users/{user_id}/access-keys", self.path)
    }

    /// Returns the path of a key.
    #[must_use]
    pub fn key_path(&self, key: &Key) -> String {
        format!("{}/access-keys/{}", self.path, text(key, "key_id"))
    }

    /// Returns the path of a user.
    #[must_use]
    pub fn user_path(&self, user_id: &str) -> String {
        format!("{}/users/{user_id}", self.path)
    }
}

fn text(object: &Value, member: &str) -> String {
    object[member].as_str().unwrap_or_else(|| panic!("no {member} in {object}")).to_owned()
}

//! `POST /v1/leaked-keys`: reports of leaked keys.

mod failures;
pub(crate) mod github;
mod races;
mod refused;
mod revoked;

use kit::{Answer, Client, Item, Organization, World};
use serde_json::{Value, json};

async fn send(world: &World, body: Value) -> Answer {
    world.anonymous().post("/v1/leaked-keys", body).await
}

async fn report(world: &World, tokens: &[&str]) {
    let answer = send(world, json!({"tokens": tokens})).await.expect(202);
    assert_eq!(answer, json!({"status": "accepted"}));
}

/// Reads the status of a key, as its owner sees it.
async fn status(organization: &Organization, key: &Value) -> Value {
    organization.owner.get(&organization.key_path(key)).await.expect(200)["status"].clone()
}

async fn leaks_told_to(client: &Client, organization: &Organization) -> Vec<Value> {
    let path = format!("{}/inbox", organization.user_path("me"));
    let messages = client.get(&path).await.expect(200)["items"].as_array().unwrap().clone();
    messages.into_iter().filter(|message| message["event"] == "leak_reported").collect()
}

/// Reads the messages that are to be mailed of leaks.
fn to_be_mailed(world: &World) -> Vec<Item> {
    let mut items = world.items_of("OUTBOX#");
    items.retain(|item| item["event"] == "leak_reported");
    items
}

async fn rotate(organization: &Organization, key: &Value, overlap: i64) -> Value {
    let path = format!("{}/rotate", organization.key_path(key));
    organization.owner.post(&path, json!({"overlap_seconds": overlap})).await.expect(200)
}

//! The rotation of a consumer's secret, by the function `rotate-secret` and its own template.

mod answers;
mod crashes;
mod refused;
mod switched_off;
mod walk_through;

use kit::{Organization, World};
use serde_json::{Value, json};

/// The secret that the local stack lets rotate.
pub(crate) const SECRET: &str = "consumer";

/// Makes a machine's key that lives for some days, and puts it into the secret.
async fn consumer(world: &World, days: i64) -> (Organization, Value) {
    consumer_with(world, "strict", days).await
}

async fn consumer_with(world: &World, policy: &str, days: i64) -> (Organization, Value) {
    let organization = world.organization("alice", policy).await;
    let machine = organization.machine("deploy").await;
    let key = organization.key(&machine, days).await;
    put(world, &document(world, &organization, &key));
    (organization, key)
}

fn document(world: &World, organization: &Organization, key: &Value) -> Value {
    json!({"token": key["secret"]["token"], "api": world.stack.url(), "organization_id": organization.id})
}

fn put(world: &World, document: &Value) {
    assert!(world.stack.put_secret(SECRET, &document.to_string()));
}

/// Returns the token with a staging label.
fn token(world: &World, stage: &str) -> Option<String> {
    let document: Value = serde_json::from_str(&world.stack.staged_secret(SECRET, stage)?).unwrap();
    Some(document["token"].as_str().unwrap().to_owned())
}

/// Tells whether the API accepts the token with a staging label.
async fn works(world: &World, stage: &str) -> bool {
    let Some(token) = token(world, stage) else { return false };
    world.key(&token).get("/v1/whoami").await.status == 200
}

/// Fails if a log line holds a token that the secret has or had.
fn check_logs(world: &World) {
    let tokens = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"].iter().filter_map(|stage| token(world, stage));
    let tokens: Vec<_> = tokens.collect();
    assert!(!tokens.is_empty());
    for line in world.stack.logs().lines() {
        let text = String::from_utf8_lossy(&line.bytes);
        assert!(!tokens.iter().any(|token| text.contains(&token[24..])), "{text}");
    }
}

//! The rules of the two systems that this one comes from, each as they state it, where no other test says it.

mod biganimal;
mod helix;

use kit::{Client, World};
use serde_json::{Value, json};

fn comes(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

fn days(days: i64) -> Value {
    json!({"name": "key", "expires_in_days": days})
}

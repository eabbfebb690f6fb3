//! Attempts to get more than one's rights say, each as it would be sent.

mod keys;
mod loosening;
mod names;
mod people;
mod roles;

use kit::{Client, Organization, World, run_with};
use serde_json::{Value, json};

/// Runs a test with one instance of each function, so that `forget_organizations` reaches all.
fn play(test: impl AsyncFnOnce(&World, &Organization)) {
    run_with(kit::Options { instance_cap: 1, ..kit::Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        test(world, &organization).await;
    });
}

fn client(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

/// Makes a machine that holds these permissions by a role of its name, and returns a client with its key.
async fn machine_holding(
    world: &World,
    organization: &Organization,
    name: &str,
    permissions: &[&str],
) -> Client {
    organization.role(name, permissions).await;
    let machine = organization.machine_with(name, &[name]).await;
    client(world, &organization.key(&machine, 30).await)
}

/// Makes a key with more than a name and a life of 30 days.
async fn key_with(by: &Client, organization: &Organization, user_id: &str, more: Value) -> Value {
    let mut body = json!({"name": "key", "expires_in_days": 30});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    by.post(&organization.keys_of(user_id), body).await.expect(201)
}

/// Sends each change, which must be refused and must change nothing.
async fn each_is_refused(world: &World, client: &Client, changes: &[(&str, String, Value)]) {
    let before = crate::matrix::state(world);
    for (method, path, body) in changes {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client.send(method.clone(), path, Some(body.clone())).await;
        let refused = answer.status == 403 && answer.body["code"] == "forbidden";
        assert!(refused, "{method} {path} {body}: {answer:?}");
    }
    assert!(crate::matrix::state(world) == before, "a refused request changed something");
}

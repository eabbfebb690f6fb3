//! The story of the examples: Acme has a machine that deploys, its keys, and people who look after it.

use kit::{Client, DAY, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::recorder::Recorder;
use crate::leaked_keys::github::{GITHUB, Signer};

const MACHINE: &str = "7HcX2mPq9LwZ";

/// Lives through the story. Each operation with a body or an answer is shown once.
pub(crate) async fn tell(recorder: &mut Recorder, world: &World, github: &Signer) {
    let alice = world.person("alice");
    let body = json!({
        "name": "Acme",
        "policy": { "preset": "strict", "lifetime": { "max_seconds": 180 * DAY }, "notices": { "days_before": [30, 7, 1] } },
    });
    let made = recorder.show(&alice, Method::POST, "/v1/organizations", Some(body)).await;
    recorder.alias(&made["organization_id"], "5kTq8ZrW1bXc7NvM");
    let home = format!("/v1/organizations/{}", made["organization_id"].as_str().unwrap());
    let me = recorder.show(&alice, Method::GET, &format!("{home}/whoami"), None).await;
    recorder.alias(&me["user_id"], "Qm4Yt7RzK2pB");
    recorder.show(&alice, Method::GET, "/v1/organizations", None).await;
    recorder.show(&alice, Method::GET, &home, None).await;
    roles(recorder, &alice, &home).await;
    let machine = users(recorder, &alice, &home).await;
    let (key, other) = keys(recorder, &alice, &home, &machine).await;
    problems(recorder, world, &alice, &home, &machine, &key).await;
    ends(recorder, world, &alice, &home, &key, &other).await;
    reports(recorder, world, github).await;
    inbox(recorder, world, &home).await;
}

async fn roles(recorder: &mut Recorder, alice: &Client, home: &str) {
    let role = json!({
        "description": "Deploys the site and reads its logs",
        "permissions": ["deployments:write", "logs:read"],
    });
    let group = json!({ "description": "Machines of the build pipeline", "roles": ["deployer"] });
    for (path, body) in [("roles/deployer", role), ("groups/pipeline", group)] {
        let path = format!("{home}/{path}");
        recorder.show(alice, Method::PUT, &path, Some(body)).await;
        recorder.show(alice, Method::GET, &path, None).await;
    }
    recorder.show(alice, Method::GET, &format!("{home}/roles"), None).await;
    recorder.show(alice, Method::GET, &format!("{home}/groups"), None).await;
}

/// Makes the machine and returns its path.
async fn users(recorder: &mut Recorder, alice: &Client, home: &str) -> String {
    let users = format!("{home}/users");
    let body = json!({ "kind": "machine", "name": "deploy", "groups": ["pipeline"] });
    let made = recorder.show(alice, Method::POST, &users, Some(body)).await;
    recorder.alias(&made["user_id"], MACHINE);
    let machine = format!("{users}/{}", made["user_id"].as_str().unwrap());
    let change = json!({ "name": "deploy-site", "email": "platform@example.com" });
    recorder.show(alice, Method::PATCH, &machine, Some(change)).await;
    recorder.show(alice, Method::GET, &machine, None).await;
    recorder.show(alice, Method::GET, &format!("{users}?kind=machine"), None).await;
    machine
}

/// Makes two keys of the machine and returns them.
async fn keys(recorder: &mut Recorder, alice: &Client, home: &str, machine: &str) -> (Value, Value) {
    let keys = format!("{machine}/access-keys");
    let body = json!({ "name": "ci", "description": "GitHub Actions of acme/site", "expires_in_days": 90 });
    let key = recorder.show(alice, Method::POST, &keys, Some(body)).await;
    recorder.alias_key(&key, &format!("{MACHINE}tR4bK1nV"));
    let other = json!({ "name": "laptop", "expires_in_days": 120 });
    let other = alice.post(&keys, other).await.expect(201);
    recorder.alias_key(&other, &format!("{MACHINE}Qd8sT0uG"));
    let path = format!("{home}/access-keys/{}", key["key_id"].as_str().unwrap());
    recorder.show(alice, Method::GET, &path, None).await;
    recorder.show(alice, Method::GET, &format!("{path}/permissions"), None).await;
    recorder.show(alice, Method::GET, &format!("{home}/access-keys?limit=1"), None).await;
    recorder.show(alice, Method::GET, &format!("{keys}?q=github"), None).await;
    let policy = json!({ "preset": "strict", "lifetime": { "max_seconds": 100 * DAY } });
    let preview = json!({ "policy": policy });
    recorder.show(alice, Method::POST, &format!("{home}/policy-preview"), Some(preview)).await;
    let overlap = json!({ "overlap_seconds": DAY });
    let rotated = recorder.show(alice, Method::POST, &format!("{path}/rotate"), Some(overlap)).await;
    recorder.alias_key(&rotated, &format!("{MACHINE}tR4bK1nV"));
    recorder.show(alice, Method::GET, &format!("{home}/audit-events?action=access_key.rotated"), None).await;
    let change =
        json!({ "description": "Deploys acme/site", "allowed_cidrs": ["127.0.0.1/32", "2001:db8::/32"] });
    recorder.show(alice, Method::PATCH, &path, Some(change)).await;
    (rotated, other)
}

/// Meets the problems that a client should know.
async fn problems(
    recorder: &mut Recorder,
    world: &World,
    alice: &Client,
    home: &str,
    machine: &str,
    key: &Value,
) {
    let keys = format!("{machine}/access-keys");
    let days = |days: i64| json!({ "name": "one more", "expires_in_days": days });
    recorder.problem(alice.post(&keys, days(0)).await, 400, "invalid_request");
    recorder.problem(alice.post(&keys, days(365)).await, 422, "policy_violation");
    recorder.problem(alice.post(&keys, days(30)).await, 409, "quota_exceeded");
    let long = json!({ "name": "one more", "description": "x".repeat(65_536) });
    recorder.problem(alice.post(&keys, long).await, 413, "too_large");
    let text = alice.send_raw(Method::POST, &keys, Some("text/plain"), b"{}".to_vec()).await;
    recorder.problem(text, 415, "unsupported_media_type");
    let role = format!("{home}/roles/deployer");
    let stale = alice.clone().with_header("if-match", "\"7\"");
    let put = stale.put(&role, json!({ "permissions": ["logs:read"] })).await;
    recorder.problem(put, 412, "precondition_failed");
    let nobody = alice.get(&format!("{home}/roles/nobody")).await;
    recorder.problem(nobody, 404, "not_found");
    let path = format!("{home}/access-keys/{}", key["key_id"].as_str().unwrap());
    let later = alice.patch(&path, json!({ "expires_in_days": 120 })).await;
    recorder.problem(later, 409, "not_extendable");
    let (users, idempotent) = (format!("{home}/users"), alice.clone().with_header("idempotency-key", "bob"));
    let bob = json!({ "kind": "normal", "name": "Bob", "email": "bob@example.com" });
    idempotent.post(&users, bob.clone()).await.expect(201);
    let other = json!({ "kind": "normal", "name": "Rob", "email": "bob@example.com" });
    recorder.problem(idempotent.post(&users, other).await, 422, "idempotency_mismatch");
    recorder.problem(alice.post(&users, bob).await, 409, "email_taken");
    recorder.problem(alice.delete(&format!("{users}/me")).await, 409, "last_owner");
    let listed = world.person("bob").get(&format!("{home}/roles")).await;
    recorder.problem(listed, 403, "forbidden");
}

/// Asks about a key that works, then ends the other one.
async fn ends(
    recorder: &mut Recorder,
    world: &World,
    alice: &Client,
    home: &str,
    key: &Value,
    other: &Value,
) {
    let token = key["secret"]["token"].as_str().unwrap();
    // The authorizer has to see the roles.
    world.travel(11);
    recorder.show(&world.key(token), Method::GET, "/v1/whoami", None).await;
    recorder.show(&world.anonymous(), Method::POST, "/v1/introspect", Some(json!({ "token": token }))).await;
    let revoke = format!("{home}/access-keys/{}/revoke", other["key_id"].as_str().unwrap());
    recorder.show(alice, Method::POST, &revoke, None).await;
    recorder.problem(alice.post(&revoke, Value::Null).await, 409, "already_revoked");
    let renamed = json!({ "name": "Acme Works", "policy": { "quota": { "machine": 3 } } });
    recorder.show(alice, Method::PATCH, home, Some(renamed)).await;
}

/// Reports a token that is no key: the answer is the same.
async fn reports(recorder: &mut Recorder, world: &World, github: &Signer) {
    let token = super::recorder::TOKEN;
    let report = json!({ "tokens": [token], "source": "Bob", "note": "Found in a build log" });
    recorder.show(&world.anonymous(), Method::POST, "/v1/leaked-keys", Some(report)).await;
    let url = "https://github.com/acme/site/blob/1f0e/deploy.yml";
    let found = json!([{ "token": token, "type": "access_key", "url": url, "source": "content" }]);
    let body = found.to_string().into_bytes();
    let signed = world
        .anonymous()
        .with_header("Github-Public-Key-Identifier", "k1")
        .with_header("Github-Public-Key-Signature", &github.sign(&body));
    let answer = signed.send_raw(Method::POST, GITHUB, Some("application/json"), body).await;
    recorder.keep(&Method::POST, GITHUB, Some(found), answer);
}

/// Waits until the key is about to expire, and reads what its owner is told.
async fn inbox(recorder: &mut Recorder, world: &World, home: &str) {
    world.travel(61 * DAY);
    world.notify().await;
    let (alice, inbox) = (world.person("alice"), format!("{home}/users/me/inbox"));
    let page = recorder.show(&alice, Method::GET, &format!("{inbox}?state=unread"), None).await;
    let message = format!("{inbox}/{}", page["items"][0]["message_id"].as_str().unwrap());
    recorder.show(&alice, Method::PATCH, &message, Some(json!({ "state": "archived" }))).await;
    recorder.show(&alice, Method::PATCH, &inbox, Some(json!({ "state": "read" }))).await;
}

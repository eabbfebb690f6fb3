//! `POST /v1/introspect`: a service checks a token.

mod active;
mod failures;
mod inactive;
mod refused;

use domain::{id::KeyId, token::SecretToken};
use kit::{Answer, Client, Effect, Fault, Organization, Service, World};
use reqwest::Method;
use serde_json::{Value, json};

use crate::tokens::{token, with_another_secret};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// Lists tokens of which nobody may learn anything: malformed, unknown, wrong, of a deleted key, and of a
/// user that is marked deleted and not yet cleaned up.
pub(crate) async fn worthless(world: &World, organization: &Organization, key: &Value) -> Vec<String> {
    let deleted = organization.machine_key().await;
    organization.owner.delete(&organization.key_path(&deleted)).await.expect(204);
    let gone = organization.machine_key().await;
    let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("DeleteItem");
    world.stack.faults().add(fault);
    organization.owner.delete(&organization.user_path(gone["user_id"].as_str().unwrap())).await;
    world.stack.faults().clear();
    assert!(world.items_of("USER").iter().any(|user| user["status"] == "deleted"));
    let text = token(key);
    let last = if text.ends_with('0') { "1" } else { "0" };
    vec![
        with_another_secret(key),
        SecretToken::generate(&"ak".parse().unwrap(), KeyId::random()).expose().to_owned(),
        token(&deleted).to_owned(),
        token(&gone).to_owned(),
        format!("{}{last}", &text[..text.len() - 1]),
        text[1..].to_owned(),
        format!("{text} "),
        "é".to_owned(),
        "a".repeat(5_000),
    ]
}

/// Leaves out the headers that differ between all answers.
pub(crate) fn alike(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let always = ["apigw-requestid", "date", "content-length"];
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
    let mut headers: Vec<_> = headers.filter(|(name, _)| !always.contains(&name.as_str())).collect();
    headers.sort();
    (answer.status, headers, answer.body.clone())
}

async fn introspect(world: &World, token: &str) -> Answer {
    world.anonymous().post("/v1/introspect", json!({"token": token})).await
}

async fn ask_by_form(client: &Client, form: &str) -> Answer {
    client.send_raw(Method::POST, "/v1/introspect", FORM, form.into()).await
}

async fn answered(world: &World, token: &str) -> Value {
    let answer = introspect(world, token).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.expect(200)
}

fn inactive(reason: &str) -> Value {
    json!({"active": false, "reason": reason})
}

fn seconds(time: &Value) -> i64 {
    time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
}

async fn rotate(organization: &Organization, key: &Value, overlap: i64) -> Value {
    let path = format!("{}/rotate", organization.key_path(key));
    organization.owner.post(&path, json!({"overlap_seconds": overlap})).await.expect(200)
}

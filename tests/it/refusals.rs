//! Refusals of every route: none repeats a credential that the client sent in a wrong place.

use kit::{Organization, run};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    matrix::{cases, state},
    tokens::token,
};

/// Returns method and path of a route, with ids of what is there.
pub(crate) fn filled(route: &str, organization: &Organization, key: &Value) -> (Method, String) {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path
        .replace("…/users/{user_id}/inbox", "…/users/me/inbox")
        .replace('…', &organization.path)
        .replace("{user_id}", key["user_id"].as_str().unwrap())
        .replace("{key_id}", key["key_id"].as_str().unwrap())
        .replace("{message_id}", &"0".repeat(26))
        .replace("{role}", "r")
        .replace("{group}", "g");
    (method.parse().unwrap(), path)
}

#[test]
fn no_refusal_repeats_a_credential_that_was_sent_as_a_name_or_a_value() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("r", &["x:y"]).await;
        organization
            .owner
            .put(&format!("{}/groups/g", organization.path), json!({"roles": []}))
            .await
            .expect(200);
        let key = organization.machine_key().await;
        let (whole, secret) = (token(&key), key["secret"]["secret_key"].as_str().unwrap());
        let jwt = world.stack.issuer().token("mallory", "mallory@example.com", "mallory");
        // The authorizer refuses whole credentials in the URL, so the query holds parts of them.
        let (parts, names) = ([&whole[..60], secret], [whole, &whole[..60], secret, jwt.as_str()]);
        let before = state(world);
        let mut refused = 0;
        for (route, _, body, _) in cases() {
            let (method, path) = filled(route, &organization, &key);
            let mut requests: Vec<(String, Option<Value>)> =
                parts.iter().map(|part| (format!("{path}?{part}=1"), Some(body.clone()))).collect();
            if let Some(members) = body.as_object() {
                requests.extend(names.iter().map(|name| {
                    let mut body = body.clone();
                    body[name] = json!({*name: *name});
                    (path.clone(), Some(body))
                }));
                requests.extend(members.keys().map(|member| {
                    let mut body = body.clone();
                    body[member] = json!(whole[..60]);
                    (path.clone(), Some(body))
                }));
            }
            for (path, body) in requests {
                let answer = organization.owner.send(method.clone(), &path, body).await;
                let text = answer.body.to_string();
                let shown =
                    [&whole[24..36], &secret[..12], &jwt[..24]].iter().any(|part| text.contains(part));
                assert!(!shown, "{route}: {} {text}", answer.status);
                refused += usize::from(answer.body["field"] == "…");
            }
        }
        assert!(refused >= 2 * 40, "{refused}");
        assert!(state(world) == before, "something changed");
    });
}

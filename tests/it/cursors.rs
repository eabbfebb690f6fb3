//! Forged cursors of every list: well encoded, with a right checksum, and with a position that the list never writes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    hex,
    policy::{Policy, Preset},
};
use kit::run;
use reqwest::Method;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// Encodes a cursor as the API does, for any list and position.
fn forged(tenant: &str, query: &str, position: &str) -> String {
    let scope = format!("{tenant} {query}");
    let hash = digest(&SHA256, format!("{} {scope} {position}", scope.len()).as_bytes());
    let checksum = hex::encode(&hash.as_ref()[..8]);
    URL_SAFE_NO_PAD.encode(format!("{checksum}{position}"))
}

#[test]
fn a_cursor_with_a_position_of_the_wrong_form_is_refused_on_every_list() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let link = world.items_of("SUBJECT#").remove(0);
        let subject = link["SK"].as_str().unwrap().strip_prefix("SUBJECT#").unwrap().to_owned();
        let owner = world.items_of("USER").into_iter().find(|user| user["kind"] == "owner").unwrap();
        let (me, machine) = (owner["user_id"].as_str().unwrap(), key["user_id"].as_str().unwrap());
        let key_id = key["key_id"].as_str().unwrap();
        let strict = serde_json::to_string(&Policy::preset(Preset::Strict)).unwrap();
        let by_expiry = format!("000000000009#{}", "0".repeat(20));
        let (id, ulid) = ("0".repeat(12), "0".repeat(26));
        let here = organization.id.as_str();
        let inside = |rest: &str| format!("{}{rest}", organization.path);
        // Path, tenant, the list's name in its cursors, and a position as the list writes it.
        let searched = format!(" q={}:{machine}", machine.len());
        let lists: [(String, &str, String, &str); 13] = [
            (
                "/v1/organizations".to_owned(),
                "",
                format!("organizations of {subject}"),
                "member:0000000000000000",
            ),
            (inside("/users"), here, "users".to_owned(), &id),
            (inside(&format!("/users?q={machine}")), here, format!("users{searched}"), "others"),
            (inside("/roles"), here, "role".to_owned(), "reader"),
            (inside("/groups"), here, "group".to_owned(), "readers"),
            (inside("/access-keys"), here, "keys".to_owned(), &by_expiry),
            (inside(&format!("/access-keys?q={machine}")), here, format!("keys{searched}"), "named:00000000"),
            (organization.keys_of(machine), here, format!("keys of {machine}"), "00000000"),
            (
                format!("{}?q={machine}", organization.keys_of(machine)),
                here,
                format!("keys of {machine}{searched}"),
                "named:00000000",
            ),
            (
                format!("{}/permissions", organization.key_path(&key)),
                here,
                format!("permissions {key_id}"),
                "clusters:read",
            ),
            (inside("/audit-events"), here, "audit events".to_owned(), &ulid),
            (inside("/users/me/inbox"), here, format!("inbox of {me}"), &ulid),
            (inside("/policy-preview"), here, format!("preview of {strict}"), &by_expiry),
        ];
        let endless = format!("000000000009#{}", "0".repeat(1_500));
        for (path, tenant, query, right) in lists {
            let (method, body) = if path.ends_with("/policy-preview") {
                (Method::POST, json!({"policy": "strict"}))
            } else {
                (Method::GET, Value::Null)
            };
            let ask = async |position: &str| {
                let joint = if path.contains('?') { '&' } else { '?' };
                let path = format!("{path}{joint}cursor={}", forged(tenant, &query, position));
                organization.owner.send(method.clone(), &path, Some(body.clone())).await
            };
            ask(right).await.expect(200);
            for wrong in ["", " ", "É", "../..", "#", &format!("{right}#"), &endless, &"A".repeat(1_500)] {
                ask(wrong)
                    .await
                    .expect_invalid("cursor", "must be the next_cursor of a page of this same list");
            }
        }
    });
}

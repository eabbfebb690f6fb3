//! `If-Match` and `If-None-Match` (RFC 9110, section 13).

use kit::{Organization, run};
use reqwest::Method;
use serde_json::{Value, json};

/// Makes one object of each kind that has an `ETag`. Returns its path and a change of it.
async fn objects(organization: &Organization) -> Vec<(String, Method, Value)> {
    let owner = &organization.owner;
    let key = organization.machine_key().await;
    let (role, group) = (format!("{}/roles/r", organization.path), format!("{}/groups/g", organization.path));
    owner.put(&role, json!({"permissions": ["a"]})).await.expect(200);
    owner.put(&group, json!({"roles": ["r"]})).await.expect(200);
    let user = organization.user_path(key["user_id"].as_str().unwrap());
    vec![
        (organization.path.clone(), Method::PATCH, json!({"name": "new"})),
        (user, Method::PATCH, json!({"name": "new"})),
        (organization.key_path(&key), Method::PATCH, json!({"name": "new"})),
        (role, Method::PUT, json!({"permissions": []})),
        (group, Method::PUT, json!({"roles": []})),
    ]
}

async fn shown(organization: &Organization, path: &str) -> (String, Value) {
    let answer = organization.owner.get(path).await;
    (answer.header("etag").to_owned(), answer.expect(200))
}

#[test]
fn a_client_that_has_the_version_gets_304_and_no_body() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        for (path, ..) in objects(&organization).await {
            let (etag, body) = shown(&organization, &path).await;
            assert_eq!(etag, format!("\"{}\"", body["version"]), "{path}");
            for known in [
                etag.clone(),
                format!("W/{etag}"),
                format!("\"a,b\" ,W/\"0\", {etag}"),
                format!(",{etag},"),
                "*".to_owned(),
            ] {
                let client = organization.owner.clone().with_header("if-none-match", &known);
                let answer = client.get(&path).await;
                assert_eq!(answer.header("etag"), etag, "{path} {known}");
                assert_eq!(answer.expect(304), Value::Null, "{path} {known}");
            }
            for unknown in ["\"0\"", "W/\"0\", \"a\"", "\"\"", "\"a,*\""] {
                let client = organization.owner.clone().with_header("if-none-match", unknown);
                assert_eq!(client.get(&path).await.expect(200), body, "{path} {unknown}");
            }
            // `If-Match` comes first.
            let client = organization.owner.clone().with_header("if-none-match", "*");
            let client = client.with_header("if-match", "\"0\"");
            client.get(&path).await.expect_problem(412, "precondition_failed");
        }
        let list = organization.owner.clone().with_header("if-none-match", "*");
        list.get(&format!("{}/users", organization.path)).await.expect(200);
        list.get(&format!("{}/roles/none", organization.path)).await.expect_problem(404, "not_found");
        // Nobody without the right learns from a 304 that something is there.
        world.person("mallory").with_header("if-none-match", "*").get(&organization.path).await.expect(403);
    });
}

#[test]
fn a_change_is_made_only_if_all_its_conditions_hold() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        for (number, (path, method, body)) in objects(&organization).await.into_iter().enumerate() {
            let (etag, before) = shown(&organization, &path).await;
            let send = async |name: &str, value: &str| {
                let client = organization.owner.clone().with_header(name, value);
                client.send(method.clone(), &path, Some(body.clone())).await
            };
            for (name, value) in [
                ("if-match", "\"0\"".to_owned()),
                ("if-match", format!("W/{etag}")),
                ("if-match", format!("W/{etag}, \"0\"")),
                ("if-none-match", "*".to_owned()),
                ("if-none-match", etag.clone()),
                ("if-none-match", format!("\"0\", W/{etag}")),
            ] {
                send(name, &value).await.expect_problem(412, "precondition_failed");
            }
            // Removing, rotating and revoking are changes too.
            let stale = organization.owner.clone().with_header("if-match", "\"0\"");
            if number != 0 {
                stale.delete(&path).await.expect_problem(412, "precondition_failed");
            }
            if path.contains("/access-keys/") {
                for action in ["rotate", "revoke"] {
                    let path = format!("{path}/{action}");
                    stale.post(&path, Value::Null).await.expect_problem(412, "precondition_failed");
                }
            }
            let bare = etag.trim_matches('"').to_owned();
            let odd =
                [bare, format!("{etag}\"1\""), format!("*, {etag}"), format!("w/{etag}"), ",".to_owned()];
            for (name, field) in [("if-match", "If-Match"), ("if-none-match", "If-None-Match")] {
                send(name, &odd[number]).await.expect_invalid(field, "a list of entity tags");
            }
            assert_eq!(shown(&organization, &path).await, (etag.clone(), before), "{path}");
            send("if-match", &format!("W/\"0\", {etag}")).await.expect(200);
            assert_ne!(shown(&organization, &path).await.0, etag, "{path}");
            send("if-match", "*").await.expect(200);
        }
    });
}

#[test]
fn a_put_that_only_creates_never_replaces() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let creating = organization.owner.clone().with_header("if-none-match", "*");
        for (kind, first, second) in [
            ("roles", json!({"permissions": ["a"]}), json!({"permissions": ["b"]})),
            ("groups", json!({"roles": []}), json!({"roles": [], "description": "b"})),
        ] {
            let path = format!("{}/{kind}/once", organization.path);
            let created = creating.put(&path, first).await.expect(200);
            creating.put(&path, second).await.expect_problem(412, "precondition_failed");
            assert_eq!(organization.owner.get(&path).await.expect(200), created);
        }
        assert_eq!((world.audit("role.created").len(), world.audit("role.updated").len()), (1, 0));
        assert_eq!((world.audit("group.created").len(), world.audit("group.updated").len()), (1, 0));
    });
}

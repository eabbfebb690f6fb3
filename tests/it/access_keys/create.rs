//! `POST …/access-keys`: what is shown, stored and refused.

use insta::assert_json_snapshot;
use kit::{DAY, run};
use serde_json::{Value, json};

#[test]
fn a_key_is_shown_whole_once_and_works() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let body = json!({"name": "deploy", "description": "to production", "expires_in_days": 90});
        let answer = organization.owner.post(&organization.keys_of(&machine), body).await;
        assert_eq!((answer.header("etag"), answer.header("cache-control")), ("\"1\"", "no-store"));
        let key = answer.expect(201);
        let secret = &key["secret"];
        let (token, access_key) = (secret["token"].as_str().unwrap(), secret["access_key"].as_str().unwrap());
        let secret_key = secret["secret_key"].as_str().unwrap();
        assert_eq!(format!("{access_key}_{secret_key}"), token);
        assert_eq!(access_key, format!("ak_{}", key["key_id"].as_str().unwrap()));
        assert!(key["key_id"].as_str().unwrap().starts_with(&machine) && secret_key.len() == 49);
        assert_eq!(secret["copy"], format!("key:{access_key}::{secret_key},tenant id: {}", organization.id));
        assert_eq!(key["masked_key"], format!("{access_key}_…{}", &token[token.len() - 4..]));
        assert_json_snapshot!(key, {
            ".key_id" => "[id]", ".masked_key" => "[masked]", ".organization_id" => "[id]", ".user_id" => "[id]",
            ".created_at" => "[time]", ".created_by" => "[id]", ".updated_at" => "[time]", ".updated_by" => "[id]",
            ".expires_at" => "[time]", ".secret" => "[secret]",
        });
        world.key(token).get("/v1/whoami").await.expect(200);
        assert_eq!(
            organization.owner.get(&organization.key_path(&key)).await.expect(200).get("secret"),
            None
        );
    });
}

#[test]
fn the_table_holds_a_verifier_and_no_secret() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let stored = &world.items_of("KEY#")[0];
        assert!(
            stored["secret"]["hash"].as_str().unwrap().starts_with("$argon2id$v=19$m=7168,t=5,p=1,keyid=MQ$")
        );
        assert_eq!(stored["secret"]["tag"].as_str().unwrap().len(), 16);
        let mut attributes: Vec<_> = stored.keys().map(String::as_str).collect();
        attributes.sort_unstable();
        assert_eq!(
            attributes,
            [
                "GSI1PK",
                "GSI1SK",
                "PK",
                "SK",
                "created_at",
                "created_by",
                "due_at",
                "due_shard",
                "expires_at",
                "expiry_set_at",
                "key_id",
                "last_four",
                "name",
                "organization_id",
                "secret",
                "updated_at",
                "updated_by",
                "version",
            ]
        );
        let user = world.items_of("USER").into_iter().find(|user| user["kind"] == "machine").unwrap();
        let live = user["live_keys"].as_object().unwrap();
        assert_eq!(live.keys().collect::<Vec<_>>(), [&key["key_id"].as_str().unwrap()[12..]]);
        assert_eq!(live.values().next(), stored.get("expires_at"));
        let audit = world.audit("access_key.created");
        assert_eq!((audit.len(), &audit[0]["target"]["id"]), (1, &key["key_id"]));
        assert_eq!(audit[0]["actor"]["type"], "user");
    });
}

#[test]
fn people_create_their_own_keys_and_nobody_creates_them_for_others() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let body = || json!({"name": "mine", "expires_in_days": 30});
        let client = world.person("carol");
        let key = client.post(&organization.keys_of("me"), body()).await.expect(201);
        assert_eq!((&key["user_id"], &key["user_kind"]), (&json!(carol), &json!("normal")));
        organization.owner.post(&organization.keys_of(&carol), body()).await.expect_problem(403, "forbidden");
        let machine = organization.machine("ci").await;
        client.post(&organization.keys_of(&machine), body()).await.expect_problem(403, "forbidden");
        let machine_key = organization.key(&machine, 30).await;
        let machine_client = world.key(machine_key["secret"]["token"].as_str().unwrap());
        machine_client.post(&organization.keys_of("me"), body()).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn strict_keys_live_1_to_365_days_and_never_longer() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let keys = organization.keys_of(&organization.machine("ci").await);
        let post = async |body: Value| organization.owner.post(&keys, body).await;
        let refused =
            post(json!({"name": "k", "expires_in_days": 366})).await.expect_problem(422, "policy_violation");
        assert_eq!(
            (&refused["rule"], &refused["value"]),
            (&json!("lifetime.max_seconds"), &json!("31536000"))
        );
        let refused =
            post(json!({"name": "k", "never_expires": true})).await.expect_problem(422, "policy_violation");
        assert_eq!(refused["rule"], "lifetime.allow_never");
        let soon = world.stack.clock().now_text();
        post(json!({"name": "k", "expires_at": soon})).await.expect_invalid("expires_at", "future");
        post(json!({"name": "k", "expires_in_days": 1})).await.expect(201);
        post(json!({"name": "k", "expires_in_days": 365})).await.expect(201);
        assert_eq!(world.items_of("KEY#").len(), 2);
    });
}

#[test]
fn flexible_keys_may_never_expire() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = organization.keys_of(&organization.machine("ci").await);
        let key =
            organization.owner.post(&keys, json!({"name": "k", "never_expires": true})).await.expect(201);
        assert_eq!((&key["expires_at"], &key["expires_in_days"]), (&Value::Null, &Value::Null));
        world.travel(20 * 365 * DAY);
        world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn bad_bodies_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let keys = organization.keys_of(&organization.machine("ci").await);
        for (body, field, rule) in [
            (json!({"expires_in_days": 1}), "name", "must be given"),
            (json!({"name": "k"}), "expires_in_days", "give one of"),
            (json!({"name": "k", "expires_in_days": 0}), "expires_in_days", "1 or more"),
            (json!({"name": "k", "expires_in_days": -1}), "expires_in_days", "must not be negative"),
            (json!({"name": "k", "expires_in_days": 1.5}), "expires_in_days", "must be a whole number"),
            (json!({"name": "k", "expires_in_days": "1"}), "expires_in_days", "must be a whole number"),
            (json!({"name": "k", "expires_at": "2030-01-01"}), "expires_at", "RFC 3339"),
            (
                json!({"name": "k", "expires_at": "9999-12-31T00:00:00Z"}),
                "expires_at",
                "must be 9999-12-30T22:00:00Z or earlier",
            ),
            (json!({"name": "k", "never_expires": false}), "never_expires", "must be true"),
            (
                json!({"name": "k", "expires_in_days": 1, "never_expires": true}),
                "expires_at",
                "exclude one another",
            ),
            (json!({"name": "k", "expires_in_days": 1, "user_id": "x"}), "user_id", "unknown field"),
            (json!({"name": "k".repeat(65), "expires_in_days": 1}), "name", "1 to 64"),
            (json!({"name": "k", "expires_in_days": 1, "description": ""}), "description", "1 to 500"),
            (json!([]), "body", ""),
        ] {
            organization.owner.post(&keys, body).await.expect_invalid(field, rule);
        }
        let raw = async |kind: Option<&str>, body: &[u8]| {
            organization.owner.send_raw("POST".parse().unwrap(), &keys, kind, body.to_vec()).await
        };
        raw(Some("application/json"), b"{").await.expect_invalid("body", "EOF");
        raw(Some("application/json"), b"").await.expect_invalid("body", "JSON object");
        raw(Some("text/plain"), b"{}").await.expect_problem(415, "unsupported_media_type");
        raw(Some("application/json"), &vec![b' '; 70_000]).await.expect_problem(413, "too_large");
        raw(Some("application/json"), b"\xff\xfe").await.expect_problem(400, "invalid_request");
        assert_eq!(world.items_of("KEY#").len(), 0);
    });
}

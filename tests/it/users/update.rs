//! `PATCH …/users/{user_id}`.

use kit::run;
use serde_json::json;

#[test]
fn a_suspended_user_and_its_keys_are_refused_until_the_suspension_is_lifted() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 30).await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        let path = organization.user_path(&machine);
        let suspended = organization.owner.patch(&path, json!({"status": "suspended"})).await;
        let version = suspended.header("etag").to_owned();
        assert_eq!(suspended.expect(200)["status"], "suspended");
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let body = json!({"name": "k", "expires_in_days": 1});
        organization.owner.post(&organization.keys_of(&machine), body).await.expect_problem(409, "conflict");

        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(world.audit("user.updated").len(), 1);
        let late = organization.owner.clone().with_header("if-match", "\"1\"");
        late.patch(&path, json!({"status": "active"})).await.expect_problem(412, "precondition_failed");
        late.delete(&path).await.expect_problem(412, "precondition_failed");
        let current = organization.owner.clone().with_header("if-match", &version);
        current.patch(&path, json!({"status": "active"})).await.expect(200);
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_user_is_changed_by_permitted_callers_and_notified_of_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        organization.role("reader", &["clusters:read"]).await;
        let (client, me) = (world.person("carol"), organization.user_path("me"));
        let switches = json!({"key_expiring": {"email": false}});
        let mine =
            client.patch(&me, json!({"name": "Carol C.", "notifications": switches})).await.expect(200);
        assert_eq!(
            (&mine["name"], &mine["notifications"]["key_expiring"]),
            (&json!("Carol C."), &json!({"email": false, "inbox": true}))
        );
        for body in [
            json!({"kind": "owner"}),
            json!({"roles": ["reader"]}),
            json!({"groups": []}),
            json!({"email": "else@example.com"}),
            json!({"status": "suspended"}),
        ] {
            client.patch(&me, body).await.expect_problem(403, "forbidden");
        }
        let inbox = format!("{me}/inbox");
        assert_eq!(client.get(&inbox).await.expect(200)["items"], json!([]));
        let path = organization.user_path(&carol);
        organization.owner.patch(&path, json!({"roles": ["reader"]})).await.expect(200);
        let told = client.get(&inbox).await.expect(200);
        assert_eq!(
            (told["items"].as_array().unwrap().len(), &told["items"][0]["event"]),
            (1, &json!("access_changed"))
        );
        organization.owner.patch(&me, json!({"roles": ["reader"]})).await.expect(200);
        assert_eq!(organization.owner.get(&inbox).await.expect(200)["items"], json!([]), "their own change");
        let quiet = json!({"notifications": {"access_changed": {"inbox": false}}});
        client.patch(&me, quiet).await.expect(200);
        organization.owner.patch(&path, json!({"roles": []})).await.expect(200);
        assert_eq!(client.get(&inbox).await.expect(200), told);

        let taken = json!({"email": "alice@example.com"});
        organization.owner.patch(&path, taken).await.expect_problem(409, "email_taken");
        organization
            .owner
            .patch(&path, json!({"email": null}))
            .await
            .expect_invalid("email", "must be given");
        organization.owner.patch(&path, json!({"email": "new@example.com"})).await.expect(200);
        organization.invite("carol").await;
    });
}

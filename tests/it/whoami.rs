//! `GET /v1/whoami` and `GET …/whoami`.

use kit::{Client, DAY, run};
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn a_machine_learns_its_organization_and_when_its_key_expires() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let me = client.get("/v1/whoami").await.expect(200);
        assert_eq!(
            me,
            json!({
                "organization_id": organization.id, "organization_status": "active",
                "user_id": key["user_id"], "user_kind": "machine", "user_name": "machine",
                "auth_method": "access_key", "key_id": key["key_id"], "key_name": "key",
                "roles": [], "permissions": [], "expires_at": key["expires_at"], "expires_in_days": 90,
                "issuer": null, "subject": null, "email": null, "email_verified": null,
            })
        );
        world.travel(89 * DAY);
        assert_eq!(client.get("/v1/whoami").await.expect(200)["expires_in_days"], 1);
    });
}

#[test]
fn a_sign_in_without_an_organization_is_just_that() {
    run(async |world| {
        let me = world.person("alice").get("/v1/whoami").await.expect(200);
        assert_eq!((&me["auth_method"], &me["subject"]), (&json!("oidc"), &json!("alice")));
        assert_eq!((&me["email"], &me["email_verified"]), (&json!("alice@example.com"), &json!(true)));
        assert_eq!(
            (&me["organization_id"], &me["user_id"], &me["key_id"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    });
}

#[test]
fn a_person_of_two_organizations_learns_what_they_are_in_each() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        second.role("deployer", &["clusters:create", "clusters:read"]).await;
        let user_id = second.invite("alice").await;
        let body = json!({"roles": ["deployer"]});
        second.owner.patch(&second.user_path(&user_id), body).await.expect(200);
        // What an authorizer keeps of an organization is then too old.
        world.travel(11);
        let alice = world.person("alice");
        let here = alice.get(&format!("{}/whoami", second.path)).await;
        assert_eq!(here.header("cache-control"), "no-store");
        let here = here.expect(200);
        assert_eq!(
            here,
            json!({
                "organization_id": second.id, "organization_status": "active",
                "user_id": user_id, "user_kind": "normal", "user_name": "alice",
                "auth_method": "oidc", "key_id": null, "key_name": null,
                "roles": ["deployer"], "permissions": ["clusters:create", "clusters:read"],
                "expires_at": null, "expires_in_days": null,
                "issuer": here["issuer"], "subject": "alice",
                "email": "alice@example.com", "email_verified": true,
            })
        );
        let there = alice.get(&format!("{}/whoami", first.path)).await.expect(200);
        assert_eq!((&there["user_kind"], &there["permissions"]), (&json!("owner"), &json!(["*"])));
        assert_eq!((&there["organization_id"], &there["roles"]), (&json!(first.id), &json!([])));

        world.person("bob").get(&format!("{}/whoami", first.path)).await.expect_forbidden_by_gateway();
        let head = alice.send(Method::HEAD, &format!("{}/whoami", first.path), None).await;
        assert_eq!(head.status, 404);
        let query = alice.get(&format!("{}/whoami?verbose=1", first.path)).await;
        query.expect_invalid("verbose", "takes none");
    });
}

#[test]
fn a_key_learns_the_same_on_both_routes() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["users:read"]).await;
        organization.role("all", &["*"]).await;
        let whole = organization.machine_with("whole", &["all"]).await;
        let body = json!({"name": "narrowed", "expires_in_days": 9, "roles": ["reader"]});
        let path = organization.keys_of(&whole);
        organization
            .owner
            .patch(&organization.user_path(&whole), json!({"roles": ["all", "reader"]}))
            .await
            .expect(200);
        let key = organization.owner.post(&path, body).await.expect(201);
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        // What an authorizer keeps of an organization is then too old.
        world.travel(11);
        let me = client.get(&format!("{}/whoami", organization.path)).await.expect(200);
        assert_eq!(me, client.get("/v1/whoami").await.expect(200));
        assert_eq!((&me["permissions"], &me["expires_in_days"]), (&json!(["users:read"]), &json!(9)));
        let foreign = world.organization("bob", "strict").await;
        client.get(&format!("{}/whoami", foreign.path)).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_job_with_a_replaced_secret_learns_when_that_secret_ends() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let old = world.key(key["secret"]["token"].as_str().unwrap());
        let rotate = format!("{}/access-keys/current/rotate", organization.path);
        let rotated = old.post(&rotate, json!({"overlap_seconds": 2 * DAY})).await.expect(200);
        let new = world.key(rotated["secret"]["token"].as_str().unwrap());
        let told = async |job: &Client| {
            let me = job.get("/v1/whoami").await.expect(200);
            assert_eq!(me, job.get(&format!("{}/whoami", organization.path)).await.expect(200));
            (me["expires_at"].clone(), me["expires_in_days"].clone())
        };
        assert_eq!(told(&new).await, (key["expires_at"].clone(), json!(90)));
        assert_eq!(told(&old).await, (rotated["overlap_ends_at"].clone(), json!(2)));
        world.travel(DAY);
        assert_eq!(told(&old).await, (rotated["overlap_ends_at"].clone(), json!(1)));
        assert_eq!(told(&new).await.1, json!(89));
    });
}

#[test]
fn a_function_describes_nobody_in_an_organization_that_is_not_theirs() {
    run(async |world| {
        let mut event: Value = serde_json::from_str(include_str!("../events/describe-caller.json")).unwrap();
        let route = "GET /v1/organizations/{organization_id}/whoami";
        event["routeKey"] = json!(route);
        event["requestContext"]["routeKey"] = json!(route);
        let described = async |organization_id: &str| {
            let mut event = event.clone();
            event["pathParameters"] = json!({"organization_id": organization_id});
            world.stack.invoke("describe-caller", &event).await.unwrap()["statusCode"].clone()
        };
        let theirs = &event["requestContext"]["authorizer"]["lambda"]["organization_id"];
        assert_eq!(described(theirs.as_str().unwrap()).await, 200);
        assert_eq!(described("0000000000000000").await, 404);
    });
}

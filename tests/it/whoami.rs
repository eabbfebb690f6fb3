//! `GET /v1/whoami`.

use kit::{DAY, run};
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

//! Answers about keys that are not active.

use kit::{DAY, run};
use serde_json::{Value, json};

use super::{alike, answered, inactive, introspect, worthless};
use crate::tokens::{token, with_another_secret};

#[test]
fn whoever_holds_the_secret_learns_why_it_does_not_work() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let owner = &organization.owner;
        let key = organization.machine_key().await;
        let (path, user) =
            (organization.key_path(&key), organization.user_path(key["user_id"].as_str().unwrap()));
        let introspect = async || answered(world, token(&key)).await;
        assert_eq!(introspect().await["active"], true);

        owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(introspect().await, inactive("organization_suspended"));
        owner.patch(&organization.path, json!({"status": "active"})).await.expect(200);
        assert_eq!(introspect().await["active"], true);

        owner.patch(&user, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(introspect().await, inactive("user_suspended"));
        owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(introspect().await, inactive("user_suspended"), "the user comes before the organization");
        owner.patch(&organization.path, json!({"status": "active"})).await.expect(200);

        owner.patch(&path, json!({"active": false})).await.expect(200);
        assert_eq!(introspect().await, inactive("inactive"), "the key comes before its user");
        world.travel(90 * DAY - 600);
        assert_eq!(introspect().await, inactive("inactive"));
        world.travel(90 * DAY + 5);
        assert_eq!(introspect().await, inactive("expired"), "expiry is final where switching off is not");
        world.travel(0);
        owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        assert_eq!(introspect().await, inactive("revoked"));
        world.travel(90 * DAY + 5);
        assert_eq!(introspect().await, inactive("revoked"));
    });
}

#[test]
fn whoever_lacks_the_secret_learns_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (key, revoked) = (organization.machine_key().await, organization.machine_key().await);
        let path = format!("{}/revoke", organization.key_path(&revoked));
        organization.owner.post(&path, Value::Null).await.expect(200);
        let mut tokens = worthless(world, &organization, &key).await;
        tokens.push(with_another_secret(&revoked));
        let first = introspect(world, &tokens[0]).await;
        assert_eq!(first.clone().expect(200), json!({"active": false}));
        for token in &tokens {
            assert_eq!(alike(&introspect(world, token).await), alike(&first));
        }
    });
}

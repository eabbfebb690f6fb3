//! Answers about active keys.

use kit::{Options, run, run_with};
use serde_json::json;

use super::{alike, answered, ask_by_form, inactive, introspect, rotate, seconds, token};
use crate::{
    limits::{carry, store_all, suffix},
    reads::count_units,
};

#[test]
fn an_active_key_is_described_in_answer_to_a_form_and_to_json() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read", "backups:*"]).await;
        let machine = organization.machine_with("ci", &["reader"]).await;
        let key = organization.key(&machine, 30).await;
        let before = world.items();
        let expected = json!({
            "active": true, "scope": "backups:* clusters:read", "sub": machine, "client_id": key["key_id"],
            "exp": seconds(&key["expires_at"]), "iat": seconds(&key["created_at"]),
            "token_type": "access_key", "organization_id": organization.id,
        });
        assert_eq!(answered(world, token(&key)).await, expected);
        let hinted = json!({"token": token(&key), "token_type_hint": "access_token"});
        let anonymous = world.anonymous();
        assert_eq!(anonymous.post("/v1/introspect", hinted).await.expect(200), expected);
        for form in ["token={}", "token_type_hint=x&token={}", "token={}&token_type_hint=&client_id=a"] {
            let answer = ask_by_form(&anonymous, &form.replace("{}", token(&key))).await;
            assert_eq!(alike(&answer), alike(&introspect(world, token(&key)).await), "{form}");
            assert_eq!(answer.expect(200), expected, "{form}");
        }
        assert_eq!(world.items(), before, "asking changes nothing");
    });
}

#[test]
fn the_scope_is_what_the_key_is_narrowed_to_and_exp_is_absent_for_ever() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["clusters:read"]).await;
        let keys = organization.keys_of("me");
        for (narrowed, scope) in [
            (json!({}), "*"),
            (json!({"roles": ["reader"]}), "clusters:read"),
            (json!({"roles": [], "allowed_cidrs": ["192.0.2.0/24"]}), ""),
        ] {
            let mut body = json!({"name": "k", "never_expires": true});
            body.as_object_mut().unwrap().extend(narrowed.as_object().unwrap().clone());
            let key = organization.owner.post(&keys, body).await.expect(201);
            let answer = answered(world, token(&key)).await;
            assert_eq!((&answer["active"], &answer["scope"]), (&json!(true), &json!(scope)), "{narrowed}");
            assert!(!answer.as_object().unwrap().contains_key("exp"), "{answer}");
        }
    });
}

#[test]
fn each_secret_of_a_rotated_key_has_its_own_issue_and_end() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        world.travel(100);
        let second = rotate(&organization, &first, 600).await;
        world.travel(200);
        let third = rotate(&organization, &first, 300).await;
        let previous = answered(world, token(&second)).await;
        assert_eq!(previous["iat"], seconds(&second["rotated_at"]));
        assert_eq!(previous["exp"], seconds(&third["overlap_ends_at"]));
        let current = answered(world, token(&third)).await;
        assert_eq!(current["iat"], seconds(&third["rotated_at"]));
        assert_eq!(current["exp"], seconds(&first["expires_at"]));
        assert!(current["iat"].as_i64() > previous["iat"].as_i64());
        assert_eq!(answered(world, token(&first)).await, inactive("retired"));
        world.travel(200 + 301);
        assert_eq!(answered(world, token(&second)).await, inactive("retired"));
        assert_eq!(answered(world, token(&third)).await, current);
    });
}

#[test]
fn an_introspection_reads_what_a_decision_reads_in_an_organization_at_every_limit() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        store_all(world, &organization, &key, None);
        // With the groups too, the context would be larger than a decision may pass on.
        carry(world, &key, &format!("KEY#{}", suffix(&key)), "groups", []);
        world.forget_organizations().await;
        count_units(world, "authorize-request");
        let decided = world.key(token(&key)).get("/v1/whoami").await.expect(200);
        let by_decision = world.stack.faults().read_units();
        count_units(world, "introspect-token");
        let introspected = answered(world, token(&key)).await;
        let by_introspection = world.stack.faults().read_units();
        assert!(by_decision > 10.0, "{by_decision}");
        // The status and the version of roles and groups are read before them.
        let at_most = by_decision + 3.0;
        assert!(by_introspection <= at_most, "{by_introspection} read units, a decision {by_decision}");
        let permissions = decided["permissions"].as_array().unwrap();
        assert!(permissions.len() > 1_000, "{}", permissions.len());
        let scope: Vec<_> = permissions.iter().map(|permission| permission.as_str().unwrap()).collect();
        assert_eq!(introspected["scope"], scope.join(" "));
    });
}

#[test]
fn roles_and_groups_are_read_again_only_after_they_changed() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        store_all(world, &organization, &key, None);
        let mut units = [0.0; 2];
        for taken in &mut units {
            count_units(world, "introspect-token");
            answered(world, token(&key)).await;
            *taken = world.stack.faults().read_units();
        }
        let [first, again] = units;
        // With the throttle of template.yaml, that is a quarter of what the partition of the user or of the organization carries.
        assert!(first > 15.0 && again <= 7.0, "{first} and then {again} read units");
    });
}

#[test]
fn a_change_of_roles_shows_at_once_whatever_an_instance_has_read_and_while_it_reads() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["clusters:read"]).await;
        let machine = organization.machine_with("ci", &["reader"]).await;
        let key = organization.key(&machine, 30).await;
        let scope = async || answered(world, token(&key)).await["scope"].as_str().unwrap().to_owned();
        assert_eq!(scope().await, "clusters:read");
        organization.role("reader", &["backups:read"]).await;
        assert_eq!(scope().await, "backups:read");
        // Before the version is read, and before the roles and groups are: the next answer has the change in both cases.
        for (operation, nth, permission) in [("BatchGetItem", 2, "logs:read"), ("Query", 1, "users:read")] {
            let permissions = [permission];
            organization.role("other", &permissions).await;
            let change = organization.role("reader", &permissions);
            let read = ("introspect-token", operation, nth);
            let (during, ()) = world.while_held(read, scope(), change).await;
            assert_eq!(during, permission);
            assert_eq!(scope().await, permission);
        }
    });
}

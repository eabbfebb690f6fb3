//! Switching on again, the quota of extensions, changes in a suspended organization, and rights that end meanwhile.

use serde_json::{Value, json};

use super::{client, key_with, machine_holding, play};

#[test]
fn a_key_that_both_its_person_and_an_administrator_switched_off_needs_an_administrator() {
    play(async |world, organization| {
        organization.invite("carol").await;
        let carol = world.person("carol");
        let key = key_with(&carol, organization, "me", json!({})).await;
        let (path, on, off) =
            (organization.key_path(&key), json!({"active": true}), json!({"active": false}));
        carol.patch(&path, off.clone()).await.expect(200);
        let taken = organization.owner.patch(&path, off.clone()).await.expect(200);
        assert_eq!((&taken["status"], &taken["version"]), (&json!("inactive"), &json!(3)));
        let events = world.audit("access_key.updated");
        let by_alice = events.iter().filter(|event| event["actor"]["name"] == "alice").collect::<Vec<_>>();
        assert_eq!((events.len(), by_alice.len(), &by_alice[0]["changes"]), (2, 1, &off));
        assert_eq!(world.items_of("KEY#")[0]["deactivated_by"], taken["updated_by"]);
        assert_eq!(world.items_of("OUTBOX#").len(), 1, "the person is told");

        carol.patch(&path, on.clone()).await.expect_problem(403, "forbidden");
        // A second time changes nothing, whoever it is.
        organization.owner.patch(&path, off.clone()).await.expect(200);
        carol.patch(&path, off.clone()).await.expect(200);
        assert_eq!(world.audit("access_key.updated").len(), 2);
        carol.patch(&path, on.clone()).await.expect_problem(403, "forbidden");
        client(world, &key).get("/v1/whoami").await.expect_forbidden_by_gateway();

        let ender = machine_holding(world, organization, "keys", &["access-keys:*"]).await;
        world.forget_organizations().await;
        ender.patch(&path, on.clone()).await.expect_problem(403, "forbidden");
        organization.owner.patch(&path, on.clone()).await.expect(200);
        client(world, &key).get("/v1/whoami").await.expect(200);
        ender.patch(&path, off).await.expect(200);
        carol.patch(&path, on).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn an_extension_is_refused_beyond_the_quota_and_for_a_suspended_user_and_shortening_never_is() {
    play(async |world, organization| {
        let (owner, machine) = (&organization.owner, organization.machine("ci").await);
        let [first, second] = [organization.key(&machine, 30).await, organization.key(&machine, 30).await];
        let (first, second) = (organization.key_path(&first), organization.key_path(&second));
        let quota = |quota: u8| json!({"policy": {"quota": {"machine": quota}}});
        owner.patch(&organization.path, quota(1)).await.expect(200);
        for body in [json!({"never_expires": true}), json!({"expires_in_days": 60})] {
            let refused = owner.patch(&first, body).await.expect_problem(409, "quota_exceeded");
            assert_eq!((&refused["rule"], &refused["value"]), (&json!("quota.machine"), &json!(1)));
        }
        assert_eq!(world.audit("access_key.updated").len(), 0);
        owner.patch(&first, json!({"expires_in_days": 20, "name": "shorter"})).await.expect(200);
        owner.post(&format!("{second}/revoke"), Value::Null).await.expect(200);
        owner.patch(&first, json!({"never_expires": true})).await.expect(200);
        owner.patch(&organization.path, quota(0)).await.expect(200);
        owner.patch(&first, json!({"expires_in_days": 20})).await.expect(200);
        owner.patch(&first, json!({"expires_in_days": 21})).await.expect_problem(409, "quota_exceeded");

        let events = world.audit("access_key.updated").len();
        owner.patch(&organization.path, quota(2)).await.expect(200);
        owner.patch(&organization.user_path(&machine), json!({"status": "suspended"})).await.expect(200);
        owner.patch(&first, json!({"expires_in_days": 31})).await.expect_problem(409, "conflict");
        let shorter = owner.patch(&first, json!({"expires_in_days": 2})).await.expect(200);
        assert_eq!(shorter["expires_in_days"], 2);
        let user = world.items_of("USER").into_iter().find(|user| user["kind"] == "machine").unwrap();
        let stored = world.items_of("KEY#").into_iter().find(|key| key["name"] == "shorter").unwrap();
        let live = user["live_keys"].as_object().unwrap();
        assert_eq!(live.values().collect::<Vec<_>>(), [&stored["expires_at"]]);
        assert_eq!(world.audit("access_key.updated").len(), events + 1);
    });
}

#[test]
fn a_suspended_organization_is_changed_in_nothing_but_its_suspension() {
    play(async |world, organization| {
        let (owner, path) = (&organization.owner, &organization.path);
        let writer = machine_holding(world, organization, "all", &["*"]).await;
        let carol = organization.user_path(&organization.invite("carol").await);
        owner.patch(&carol, json!({"roles": ["all"]})).await.expect(200);
        let owners_key = client(world, &key_with(owner, organization, "me", json!({})).await);
        world.forget_organizations().await;
        // The authorizer keeps a copy of the organization from before the suspension.
        writer.get(path).await.expect(200);
        writer.patch(path, json!({"status": "suspended"})).await.expect(200);
        for holder in [writer, world.person("carol"), owners_key] {
            holder.patch(path, json!({"status": "active"})).await.expect_problem(403, "forbidden");
        }
        let before = crate::matrix::state(world);
        for body in [
            json!({"name": "renamed"}),
            json!({"policy": "strict"}),
            json!({"policy": {"quota": {"owner": 9}}}),
            json!({"status": "active", "name": "renamed"}),
            json!({"status": "active", "policy": "strict"}),
            json!({"status": "suspended", "name": "renamed"}),
        ] {
            owner.patch(path, body).await.expect_problem(409, "conflict");
        }
        assert!(crate::matrix::state(world) == before);
        assert_eq!(owner.get(path).await.expect(200)["status"], "suspended");
        owner.patch(path, json!({"status": "active"})).await.expect(200);
        owner.patch(path, json!({"name": "renamed"})).await.expect(200);
    });
}

#[test]
fn a_role_that_is_taken_away_while_a_key_is_created_is_in_no_key() {
    play(async |world, organization| {
        organization.role("deploying", &["deploys:write"]).await;
        let carol = organization.user_path(&organization.invite("carol").await);
        let with = |roles: Value| organization.owner.patch(&carol, json!({"roles": roles}));
        with(json!(["deploying"])).await.expect(200);
        let key = json!({"name": "k", "expires_in_days": 1, "roles": ["deploying"]});
        let (person, path) = (world.person("carol"), organization.keys_of("me"));
        let held = ("create-access-key", "TransactWriteItems", 1);
        let (created, changed) = world.while_held(held, person.post(&path, key), with(json!([]))).await;
        changed.expect(200);
        created.expect_invalid("roles", "no role that you may name");
        assert!(world.items_of("KEY#").is_empty());
    });
}

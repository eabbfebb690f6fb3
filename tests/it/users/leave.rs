//! `DELETE …/users/me`: people leave an organization.

use kit::{Options, run, run_with};
use serde_json::json;

#[test]
fn people_leave_with_a_sign_in_and_never_with_a_key() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (me, carol) = (organization.user_path("me"), organization.invite("carol").await);
        let body = || json!({"name": "mine", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), body()).await.expect(201);
        let key = world.key(key["secret"]["token"].as_str().unwrap());
        for path in [&me, &organization.user_path(&carol)] {
            key.delete(path).await.expect_problem(403, "forbidden");
        }
        let owners = organization.owner.post(&organization.keys_of("me"), body()).await.expect(201);
        let owners = world.key(owners["secret"]["token"].as_str().unwrap());
        owners.delete(&me).await.expect_problem(403, "forbidden");
        assert_eq!(world.audit("user.deleted").len(), 0);

        world.person("carol").delete(&me).await.expect(204);
        let events = world.audit("user.deleted");
        assert_eq!(
            (events.len(), &events[0]["actor"]["id"], &events[0]["target"]["id"]),
            (1, &json!(carol), &json!(carol))
        );
        key.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.person("carol").get("/v1/organizations").await.expect(200)["items"], json!([]));
        let left = |item: &&kit::Item| item["PK"] == format!("USER#{carol}").as_str();
        assert_eq!(world.items().iter().filter(left).count(), 0);
        world.person("carol").delete(&me).await.expect_forbidden_by_gateway();
        // An invitation is declined by signing in and leaving; a role does not keep anybody.
        organization.role("all", &["*"]).await;
        let dave = organization.invite("dave").await;
        organization.owner.patch(&organization.user_path(&dave), json!({"roles": ["all"]})).await.expect(200);
        world.person("dave").delete(&organization.user_path(&dave)).await.expect(204);
        organization.owner.delete(&me).await.expect_problem(409, "last_owner");
        organization.invite_as("erin", "owner").await;
        organization.owner.delete(&me).await.expect_problem(409, "last_owner");
        world.person("erin").get(&me).await.expect(200);
        organization.owner.delete(&me).await.expect(204);
        assert_eq!(world.audit("user.deleted").len(), 3);
    });
}

#[test]
fn people_leave_a_suspended_organization_and_change_nothing_else_of_it() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let (me, bob) = (organization.user_path("me"), organization.invite_as("bob", "owner").await);
        organization.invite("carol").await;
        let dave = organization.invite("dave").await;
        for person in ["bob", "carol"] {
            world.person(person).get(&me).await.expect(200);
        }
        organization.machine_key().await;
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        world.forget_organizations().await;
        for person in ["alice", "carol"] {
            world.person(person).delete(&organization.user_path(&dave)).await.expect_forbidden_by_gateway();
            world.person(person).get(&me).await.expect_forbidden_by_gateway();
        }
        world.person("carol").delete(&organization.path).await.expect_forbidden_by_gateway();
        // By `me`, by the id, at the very first sign-in, and as an owner.
        world.person("carol").delete(&me).await.expect(204);
        world.person("dave").delete(&organization.user_path(&dave)).await.expect(204);
        world.person("bob").delete(&organization.user_path(&bob)).await.expect(204);
        world.person("alice").delete(&me).await.expect_problem(409, "last_owner");
        assert_eq!(world.audit("user.deleted").len(), 3);
        assert!(
            world.audit("user.deleted").iter().all(|event| event["actor"]["id"] == event["target"]["id"])
        );
    });
}

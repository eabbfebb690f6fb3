//! An organization always has an active owner.

use kit::{Effect, Fault, Service, When, run};
use serde_json::json;

#[test]
fn the_last_active_owner_stays() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let me = organization.user_path("me");
        organization.owner.patch(&me, json!({"status": "suspended"})).await.expect_problem(409, "last_owner");
        let bob = organization.invite_as("bob", "owner").await;
        let bob_client = world.person("bob");
        bob_client.get(&organization.path).await.expect(200);

        let alice = organization.owner.get(&me).await.expect(200)["user_id"].as_str().unwrap().to_owned();
        let (alices, bobs) = (organization.user_path(&bob), organization.user_path(&alice));
        let suspend = || json!({"status": "suspended"});
        let (by_alice, by_bob) =
            tokio::join!(organization.owner.patch(&alices, suspend()), bob_client.patch(&bobs, suspend()));
        let mut statuses = [by_alice.status, by_bob.status];
        statuses.sort_unstable();
        assert!(statuses[0] == 200 && matches!(statuses[1], 403 | 409), "{statuses:?}");
        let owners = world.items_of("ORG").into_iter().find(|item| item.contains_key("owner_ids")).unwrap();
        assert_eq!(owners["owner_ids"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn the_last_owner_who_has_signed_in_stays_whoever_else_was_invited() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.invite_as("bob", "owner").await;
        let carol = organization.invite_as("carol", "owner").await;
        let me = organization.user_path("me");
        let entered = || {
            let mut items = world.items_of("ORG").into_iter();
            let ids = items.find_map(|item| item.get("entered_owner_ids").cloned()).unwrap();
            let mut ids: Vec<_> =
                ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        let alice = organization.owner.get(&me).await.expect(200)["user_id"].as_str().unwrap().to_owned();
        assert_eq!(entered(), std::slice::from_ref(&alice));
        for body in [json!({"kind": "normal"}), json!({"status": "suspended"})] {
            organization.owner.patch(&me, body).await.expect_problem(409, "last_owner");
        }
        assert_eq!((entered(), world.audit("user.updated").len()), (vec![alice.clone()], 0));

        // One who never signed in goes and comes freely.
        for body in [json!({"status": "suspended"}), json!({"status": "active"}), json!({"kind": "normal"})] {
            organization.owner.patch(&organization.user_path(&carol), body).await.expect(200);
        }
        organization.owner.delete(&organization.user_path(&carol)).await.expect(204);
        assert_eq!(entered(), std::slice::from_ref(&alice));

        world.person("bob").get(&me).await.expect(200);
        let mut both = [alice.clone(), bob.clone()];
        both.sort();
        assert_eq!(entered(), both);
        organization.owner.patch(&me, json!({"kind": "normal"})).await.expect(200);
        assert_eq!(entered(), [bob]);
        world.person("bob").patch(&me, json!({"kind": "normal"})).await.expect_problem(409, "last_owner");
        world
            .person("bob")
            .patch(&organization.user_path(&alice), json!({"kind": "owner"}))
            .await
            .expect(200);
        assert_eq!(entered(), both);
    });
}

#[test]
fn owners_who_demote_delete_or_suspend_each_other_at_once_leave_one() {
    let rounds = ["kind", "delete", "status"].into_iter().flat_map(|round| [(round, false), (round, true)]);
    for (round, lost) in rounds {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let bob = organization.invite_as("bob", "owner").await;
            let bob_client = world.person("bob");
            bob_client.get(&organization.path).await.expect(200);
            let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
            let alice = me["user_id"].as_str().unwrap();
            if lost {
                let fault = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
                world.stack.faults().add(fault.function("manage-users").when(When::First(2)));
            }
            let (bobs, alices) = (organization.user_path(&bob), organization.user_path(alice));
            let end = async |client: &kit::Client, path: &str| match round {
                "kind" => client.patch(path, json!({"kind": "normal"})).await.status,
                "status" => client.patch(path, json!({"status": "suspended"})).await.status,
                _ => client.delete(path).await.status,
            };
            let answers = tokio::join!(end(&organization.owner, &bobs), end(&bob_client, &alices));
            world.stack.faults().clear();
            let of_organization =
                world.items_of("ORG").into_iter().find(|item| item.contains_key("owner_ids")).unwrap();
            assert_eq!(of_organization["owner_ids"].as_array().unwrap().len(), 1, "{round}: {answers:?}");
            let active = |user: &&kit::Item| user["kind"] == "owner" && user["status"] == "active";
            assert_eq!(world.items_of("USER").iter().filter(active).count(), 1, "{round}: {answers:?}");
            let event = if round == "delete" { "user.deleted" } else { "user.updated" };
            assert_eq!(world.audit(event).len(), 1, "{round}: {answers:?}");
        });
    }
}

//! `DELETE …/users/{user_id}`, finished or cut off.

use kit::{Effect, Fault, Service, When, run};
use serde_json::{Value, json};

#[test]
fn the_keys_of_a_deleted_user_are_refused_at_once_and_its_address_is_free() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let carol = organization.invite("carol").await;
        let body = || json!({"name": "mine", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), body()).await.expect(201);
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.stack.warm_up("authorize-request", 3).await.unwrap();
        for _ in 0..4 {
            client.get("/v1/whoami").await.expect(200);
        }
        let path = organization.user_path(&carol);
        assert_eq!(organization.owner.delete(&path).await.expect(204), Value::Null);
        for _ in 0..4 {
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        world.person("carol").get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        organization.owner.get(&path).await.expect_problem(404, "not_found");
        organization.owner.get(&organization.key_path(&key)).await.expect_problem(404, "not_found");
        assert_eq!((world.items_of("KEY#").len(), world.audit("user.deleted").len()), (0, 1));
        let again = organization.invite("carol").await;
        assert_ne!(again, carol);
        assert_eq!(
            world.person("carol").get(&organization.user_path("me")).await.expect(200)["user_id"],
            again.as_str()
        );
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_deletion_that_is_cut_off_anywhere_refuses_the_keys_and_is_finished_by_repeating_it() {
    for call in 1..=8 {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let machine = organization.machine("ci").await;
            let keys = [organization.key(&machine, 30).await, organization.key(&machine, 30).await];
            let clients: Vec<_> =
                keys.iter().map(|key| world.key(key["secret"]["token"].as_str().unwrap())).collect();
            world.stack.warm_up("manage-users", 1).await.unwrap();
            let fault = Fault::anywhere(Effect::KillAfter).function("manage-users").when(When::Nth(call));
            world.stack.faults().add(fault);
            let path = organization.user_path(&machine);
            let cut_off = organization.owner.delete(&path).await.status;
            world.stack.faults().clear();
            let marked = !world.audit("user.deleted").is_empty();
            assert!(cut_off == 500 || marked, "call {call}: {cut_off}");
            for client in &clients {
                let answer = client.get("/v1/whoami").await;
                assert_eq!(answer.status, if marked { 403 } else { 200 }, "call {call}");
            }
            let listed =
                organization.owner.get(&format!("{}/access-keys", organization.path)).await.expect(200);
            assert_eq!(listed["items"].as_array().unwrap().len(), if marked { 0 } else { 2 }, "call {call}");
            let preview = format!("{}/policy-preview", organization.path);
            let strictest = json!({"policy": {"quota": {"machine": 0}}});
            let broken = organization.owner.post(&preview, strictest).await.expect(200);
            assert_eq!(broken["items"].as_array().unwrap().len(), if marked { 0 } else { 2 }, "call {call}");
            for key in &keys {
                let shown = organization.owner.get(&organization.key_path(key)).await.status;
                assert_eq!(shown, if marked { 404 } else { 200 }, "call {call}");
            }
            // Changing nothing shows whether the user is there.
            for answer in
                [organization.owner.get(&path).await, organization.owner.patch(&path, json!({})).await]
            {
                assert_eq!(answer.status, if marked { 404 } else { 200 }, "call {call}");
            }
            let users = organization.owner.get(&format!("{}/users", organization.path)).await.expect(200);
            assert_eq!(users["items"].as_array().unwrap().len(), if marked { 1 } else { 2 }, "call {call}");
            let body = json!({"token": keys[0]["secret"]["token"]});
            let introspected = world.anonymous().post("/v1/introspect", body).await.expect(200);
            assert_eq!(introspected["active"], !marked, "call {call}");
            let again = organization.owner.delete(&path).await.status;
            assert!(matches!(again, 204 | 404), "call {call}: {again} after {cut_off}");
            organization.owner.get(&path).await.expect_problem(404, "not_found");
            let left =
                world.items().into_iter().filter(|item| item["PK"] == format!("USER#{machine}").as_str());
            assert_eq!(left.filter(|item| item["SK"] != "USER").count(), 0, "call {call}");
            assert_eq!(world.audit("user.deleted").len(), 1, "call {call}");
        });
    }
}

#[test]
fn a_deletion_waits_for_transactions_that_change_what_it_removes() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        let conflict = Fault::on(Service::DynamoDb, Effect::TransactionConflict { position: 0 });
        let conflict = conflict.operation("DeleteItem").function("manage-users");
        world.stack.faults().add(conflict.when(When::First(3)));
        organization.owner.delete(&organization.user_path(&machine)).await.expect(204);
        assert_eq!(world.stack.faults().struck(), 3);
        world.stack.faults().clear();
        assert!(world.items_of("KEY#").is_empty());
        assert!(world.items_of("USER").iter().all(|user| user["user_id"] != machine.as_str()));
    });
}

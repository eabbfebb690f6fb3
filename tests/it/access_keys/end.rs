//! Revocation and deletion of keys.

use kit::{Effect, Fault, Service, When, run};
use serde_json::json;

#[test]
fn the_next_request_after_a_revocation_is_refused_on_every_warm_instance() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for how in ["revoke", "delete", "suspend"] {
            let machine = organization.machine(how).await;
            let key = organization.key(&machine, 30).await;
            let client = world.key(key["secret"]["token"].as_str().unwrap());
            world.stack.warm_up("authorize-request", 4).await.unwrap();
            for _ in 0..8 {
                client.get("/v1/whoami").await.expect(200);
            }
            let path = organization.key_path(&key);
            let owner = &organization.owner;
            let answer = match how {
                "revoke" => owner.post(&format!("{path}/revoke"), json!(null)).await,
                "delete" => owner.delete(&path).await,
                _ => owner.patch(&organization.user_path(&machine), json!({"status": "suspended"})).await,
            };
            assert!(matches!(answer.status, 200 | 204), "{how}: {}", answer.body);
            for _ in 0..8 {
                client.get("/v1/whoami").await.expect_forbidden_by_gateway();
            }
        }
        let instances = world.stack.instances("authorize-request");
        assert!(instances.idle + instances.busy >= 4, "{instances:?}");
    });
}

#[test]
fn a_revoked_key_names_who_revoked_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let path = organization.key_path(&key);
        let revoked = world.person("bob").post(&format!("{path}/revoke"), json!(null)).await.expect(200);
        assert_ne!(key["updated_by"], bob.as_str());
        assert_eq!(revoked["updated_by"], bob.as_str());
        assert_eq!(organization.owner.get(&path).await.expect(200), revoked);
    });
}

#[test]
fn a_revoked_key_stays_revoked_and_frees_its_place() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let (first, _) = (organization.key(&machine, 30).await, organization.key(&machine, 30).await);
        let body = json!({"name": "third", "expires_in_days": 1});
        let keys = organization.keys_of(&machine);
        organization.owner.post(&keys, body.clone()).await.expect_problem(409, "quota_exceeded");
        let path = organization.key_path(&first);
        let revoked = organization.owner.post(&format!("{path}/revoke"), json!(null)).await;
        assert_eq!(revoked.header("etag"), "\"2\"");
        let revoked = revoked.expect(200);
        assert_eq!(revoked["status"], "revoked");
        assert_eq!(organization.owner.get(&path).await.expect(200), revoked);
        organization
            .owner
            .post(&format!("{path}/revoke"), json!({}))
            .await
            .expect_problem(409, "already_revoked");
        assert_eq!(world.audit("access_key.revoked").len(), 1);
        organization.owner.post(&keys, body).await.expect(201);
        let stored = world.items_of("KEY#").into_iter().find(|key| key.contains_key("revoked_at")).unwrap();
        assert!(!stored.contains_key("due_at") && !stored.contains_key("due_shard"));
    });
}

#[test]
fn a_deleted_key_is_gone_and_frees_its_place() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let body = || json!({"name": "mine", "expires_in_days": 1});
        let keys = organization.keys_of("me");
        let key = organization.owner.post(&keys, body()).await.expect(201);
        organization.owner.post(&keys, body()).await.expect_problem(409, "quota_exceeded");
        let path = organization.key_path(&key);
        let late = organization.owner.clone().with_header("if-match", "\"7\"");
        late.delete(&path).await.expect_problem(412, "precondition_failed");
        late.post(&format!("{path}/revoke"), json!(null)).await.expect_problem(412, "precondition_failed");
        let answer = organization.owner.delete(&path).await;
        assert_eq!((answer.status, answer.body), (204, json!(null)));
        organization.owner.delete(&path).await.expect_problem(404, "not_found");
        organization.owner.post(&keys, body()).await.expect(201);
        assert_eq!(world.audit("access_key.deleted").len(), 1);
    });
}

#[test]
fn ending_a_key_leaves_its_user_and_other_keys_alone() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let (ended, kept) = (organization.key(&machine, 30).await, organization.key(&machine, 30).await);
        let before = organization.owner.get(&organization.user_path(&machine)).await.expect(200);
        organization
            .owner
            .post(&format!("{}/revoke", organization.key_path(&ended)), json!(null))
            .await
            .expect(200);
        let mut after = organization.owner.get(&organization.user_path(&machine)).await.expect(200);
        after["version"] = before["version"].clone();
        assert_eq!(after, before);
        world.key(kept["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_revocation_whose_reply_is_lost_is_done_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let fault = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
        world.stack.faults().add(fault.when(When::First(1)));
        organization
            .owner
            .post(&format!("{}/revoke", organization.key_path(&key)), json!(null))
            .await
            .expect(200);
        assert_eq!((world.stack.faults().struck(), world.audit("access_key.revoked").len()), (1, 1));
    });
}

#[test]
fn revocations_at_once_end_with_one_event() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = format!("{}/revoke", organization.key_path(&key));
        let all = (0..8).map(|_| organization.owner.post(&path, json!(null)));
        let answers = futures_util::future::join_all(all).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(done == 1 && answers.iter().all(|answer| matches!(answer.status, 200 | 409)));
        assert_eq!(world.audit("access_key.revoked").len(), 1);
    });
}

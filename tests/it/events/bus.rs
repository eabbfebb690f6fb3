//! Which changes become events, and what an event holds.

use kit::{Effect, Fault, Service, When, World, key_of, run};
use serde_json::{Value, json};

use super::{audit_ids, event_ids};

/// Returns the events of an action.
async fn events(world: &World, action: &str) -> Vec<Value> {
    let all = world.lifecycle_events().await.unwrap();
    all.into_iter().filter(|event| event["detail-type"] == action).collect()
}

#[test]
fn an_event_says_who_did_what_to_what_and_neither_names_nor_values() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("Name of a machine").await;
        let key = organization.key(&machine, 90).await;
        organization
            .owner
            .patch(&organization.key_path(&key), json!({"name": "Name of a key", "active": false}))
            .await
            .expect(200);
        let events = events(world, "access_key.updated").await;
        let [event] = events.as_slice() else { panic!("{events:?}") };
        let audit = &world.audit("access_key.updated")[0];
        assert_eq!(audit["changes"]["name"], "Name of a key");
        insta::assert_json_snapshot!(event, {
            ".id" => insta::dynamic_redaction(|id, _| { assert_eq!(id.as_str().unwrap().len(), 36); "[uuid]" }),
            ".time" => insta::dynamic_redaction(|time, _| { assert!(time.as_str().unwrap().ends_with('Z')); "[time]" }),
            ".detail.audit_id" => insta::dynamic_redaction(|id, _| { assert_eq!(id.as_str().unwrap().len(), 26); "[ulid]" }),
            ".detail.organization_id" => insta::dynamic_redaction(|id, _| { assert_eq!(id.as_str().unwrap().len(), 16); "[organization]" }),
            ".detail.actor.id" => insta::dynamic_redaction(|id, _| { assert_eq!(id.as_str().unwrap().len(), 12); "[user]" }),
            ".detail.target.id" => insta::dynamic_redaction(|id, _| { assert_eq!(id.as_str().unwrap().len(), 20); "[key]" }),
            ".detail.at" => insta::dynamic_redaction(|at, _| { assert!(at.as_str().unwrap().parse::<i64>().is_ok()); "[seconds]" }),
            ".detail.request_id" => insta::dynamic_redaction(|id, _| { assert!(!id.as_str().unwrap().is_empty()); "[request]" }),
        });
        let all = format!("{:?}", world.lifecycle_events().await);
        for hidden in ["Name of", "alice", "changes", "masked_key", "token"] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    });
}

#[test]
fn each_committed_change_is_one_event_and_a_refused_one_is_none() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("deployer").await;
        let key = organization.key(&machine, 90).await;
        organization.key(&machine, 90).await;
        let before = world.lifecycle_events().await.unwrap();
        assert_eq!(event_ids(&before), audit_ids(world));
        assert_eq!(before.len(), event_ids(&before).len());

        let body = json!({"name": "third", "expires_in_days": 90});
        let third = organization.owner.post(&organization.keys_of(&machine), body).await;
        third.expect_problem(409, "quota_exceeded");
        let wrong = organization.owner.clone().with_header("if-match", "\"99\"");
        wrong
            .patch(&organization.key_path(&key), json!({"active": false}))
            .await
            .expect_problem(412, "precondition_failed");
        organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert_eq!(world.lifecycle_events().await.unwrap(), before);

        organization.owner.delete(&organization.key_path(&key)).await.expect(204);
        let [deleted] = &events(world, "access_key.deleted").await[..] else { panic!("no event") };
        assert_eq!(
            (&deleted["detail"]["effect"], &deleted["detail"]["target"]["id"]),
            (&json!("deleted"), &key["key_id"])
        );
        assert_eq!(world.lifecycle_events().await.unwrap().len(), before.len() + 1);
    });
}

#[test]
fn lost_replies_conflicts_and_killed_instances_neither_lose_nor_invent_an_event() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("deployer").await;
        let key = organization.key(&machine, 90).await;
        let path = organization.key_path(&key);
        for effect in [
            Effect::LoseReply,
            Effect::LoseRequest,
            Effect::KillAfter,
            Effect::KillBefore,
            Effect::TransactionConflict { position: 0 },
            Effect::ServerError,
        ] {
            for active in [false, true] {
                let fault = Fault::on(Service::DynamoDb, effect.clone()).operation("TransactWriteItems");
                world.stack.faults().add(fault.function("update-access-key").when(When::Nth(1)));
                organization.owner.patch(&path, json!({"active": active})).await;
                world.stack.faults().clear();
            }
        }
        let updated = events(world, "access_key.updated").await;
        assert!((6..=12).contains(&updated.len()), "{}", updated.len());
        let all = world.lifecycle_events().await.unwrap();
        assert_eq!(event_ids(&all), audit_ids(world));
        assert_eq!(all.len(), event_ids(&all).len());
    });
}

#[test]
fn a_change_of_an_audit_event_in_the_table_is_no_event() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine("deployer").await;
        let before = world.lifecycle_events().await.unwrap();
        for event in world.items().iter().filter(|item| item.contains_key("audit_id")) {
            world.set(key_of(event), "note", &json!({"S": "added"}));
        }
        assert_eq!(world.lifecycle_events().await.unwrap(), before);
    });
}

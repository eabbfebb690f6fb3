//! Expiry as lifecycle events: once for each key and stage, whoever is told.

use kit::{DAY, Effect, Fault, Item, Organization, Service, When, World, run};
use serde_json::{Value, json};

use super::{revoke_or_extend, two_runs};

const FUNCTION: &str = "notify-expiring-keys";

/// Runs at a time, and returns the actions of all expiry events so far, with their days.
async fn events_at(world: &World, seconds: i64) -> Vec<String> {
    world.travel(seconds);
    assert_eq!(world.notify().await["failed"], 0);
    recorded(world).iter().map(shown).collect()
}

fn recorded(world: &World) -> Vec<Item> {
    let mut events = world.audit("access_key.expiring");
    events.extend(world.audit("access_key.expired"));
    events
}

fn shown(event: &Item) -> String {
    format!("{} {}", event["action"].as_str().unwrap(), event["changes"]["days"])
}

async fn set_notices(organization: &Organization, notices: Value) {
    let body = json!({"policy": {"notices": notices}});
    organization.owner.patch(&organization.path, body).await.expect(200);
}

const ALL: [&str; 4] =
    ["access_key.expiring 30", "access_key.expiring 7", "access_key.expiring 2", "access_key.expired null"];

#[test]
fn each_stage_of_a_key_is_one_event_by_the_notice_run() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        assert_eq!(events_at(world, 60 * DAY - 60).await, [""; 0]);
        for (count, days) in [(1, 60), (1, 61), (2, 83), (3, 88), (4, 90), (4, 91), (4, 120)] {
            assert_eq!(events_at(world, days * DAY + 60).await, ALL[..count], "{days}");
        }
        let events = recorded(world);
        for event in &events {
            let actor = json!({"type": "system", "id": FUNCTION, "name": FUNCTION});
            assert_eq!((&event["actor"], &event["target"]["id"]), (&actor, &key["key_id"]));
            assert_eq!(
                (&event["source_ip"], &event["request_id"], &event["effect"]),
                (&json!(""), &json!(""), &json!("other"))
            );
            assert_eq!(event["changes"]["expires_at"], key["expires_at"]);
        }
        let arrived = world.lifecycle_events().await.unwrap();
        let arrived = arrived.iter().filter(|event| event["detail"]["actor"]["id"] == FUNCTION);
        assert_eq!(arrived.count(), events.len());
        let path = format!("{}/audit-events?actor={FUNCTION}", organization.path);
        assert_eq!(world.person("alice").pages(&path).await.len(), events.len());
    });
}

#[test]
fn expiry_is_an_event_where_its_user_or_organization_is_suspended_and_nobody_is_told() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_notices(
            &organization,
            json!({"days_before": [7], "on_expiry": false, "tell": {"owners_for_machines": false}}),
        )
        .await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        let [second, third] = [organization.machine("second").await, organization.machine("third").await];
        organization.key(&second, 90).await;
        organization.key(&third, 90).await;
        let suspended = json!({"status": "suspended"});
        organization.owner.patch(&organization.user_path(&second), suspended.clone()).await.expect(200);
        assert_eq!(events_at(world, 83 * DAY + 60).await, ["access_key.expiring 7"; 3]);
        world.person("alice").patch(&organization.path, suspended).await.expect(200);
        let events = events_at(world, 90 * DAY + 60).await;
        assert_eq!(events.iter().filter(|event| *event == ALL[3]).count(), 3, "{events:?}");
        // Its owner heard of the two that were not suspended, before the organization was.
        assert_eq!((events.len(), world.stack.emails().len(), world.items_of("INBOX#").len()), (6, 1, 2));
        assert!(world.items_of("KEY#").iter().all(|key| !key.contains_key("due_at")));
        assert_eq!(events_at(world, 91 * DAY).await.len(), 6);
    });
}

#[test]
fn a_late_run_writes_the_narrowest_stage_and_an_ended_key_or_user_has_no_event() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let [kept, revoked, deleted] = ["kept", "revoked", "deleted"].map(str::to_owned);
        let mut keys = Vec::new();
        for name in [&kept, &revoked, &deleted] {
            let machine = organization.machine(name).await;
            keys.push((organization.key(&machine, 90).await, machine));
        }
        organization
            .owner
            .post(&format!("{}/revoke", organization.key_path(&keys[1].0)), json!(null))
            .await
            .expect(200);
        organization.owner.delete(&organization.user_path(&keys[2].1)).await.expect(204);
        assert_eq!(events_at(world, 89 * DAY).await, ["access_key.expiring 2"]);
        // A moved expiry is another expiry.
        let path = organization.key_path(&keys[0].0);
        world.person("alice").patch(&path, json!({"expires_in_days": 31})).await.expect(200);
        assert_eq!(events_at(world, 90 * DAY + 60).await.len(), 2);
        assert_eq!(events_at(world, 120 * DAY + 60).await.last().unwrap(), ALL[3]);
        assert_eq!(recorded(world).len(), 3);
    });
}

#[test]
fn a_key_that_is_revoked_or_extended_while_a_run_writes_has_no_event_of_before() {
    for (days, nth) in [(60, 1), (60, 2), (60, 3), (90, 1), (90, 2), (90, 3)] {
        for revokes in [true, false] {
            run(async |world| {
                let organization = world.organization("alice", "strict").await;
                let policy = json!({"policy": {"extension": "any_time"}});
                organization.owner.patch(&organization.path, policy).await.expect(200);
                let key = organization.machine_key().await;
                world.travel(days * DAY + 60);
                let change = async {
                    revoke_or_extend(world, &organization, &key, revokes).await;
                    recorded(world).len()
                };
                let held = (FUNCTION, "TransactWriteItems", nth);
                let (_, before) = world.while_held(held, world.notify(), change).await;
                assert_eq!(recorded(world).len(), before, "day {days}, transaction {nth}, {revokes}");
            });
        }
    }
}

#[test]
fn each_event_of_expiry_survives_a_crash_at_every_call_and_comes_once() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        world.stack.warm_up(FUNCTION, 1).await.unwrap();
        world.stack.calls().clear();
        for (day, events) in [(60, 1), (83, 2), (88, 3), (90, 4)] {
            for effect in [Effect::KillBefore, Effect::KillAfter, Effect::LoseReply] {
                for nth in 1..=6 {
                    world.travel(day * DAY + 60);
                    let fault = Fault::on(Service::DynamoDb, effect.clone()).function(FUNCTION);
                    world.stack.faults().add(fault.when(When::Nth(nth)));
                    world.try_notify().await.ok();
                    world.stack.faults().clear();
                    assert!(recorded(world).len() <= events);
                }
            }
            world.end_leases();
            world.travel(day * DAY + 3_700);
            world.notify().await;
            assert_eq!(recorded(world).len(), events, "day {day}");
        }
    });
}

#[test]
fn a_key_whose_event_cannot_be_written_stays_due_and_is_recorded_by_the_next_run() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("TransactWriteItems");
        world.stack.faults().add(fault.function(FUNCTION));
        assert_eq!(world.notify().await["failed"], 1);
        world.stack.faults().clear();
        assert_eq!((recorded(world).len(), world.stack.emails().len()), (0, 0));
        assert_eq!(events_at(world, 60 * DAY + 120).await, ALL[..1]);
        assert_eq!(world.stack.emails().len(), 1);
    });
}

#[test]
fn what_is_marked_as_deleted_has_no_event_although_its_keys_are_still_there() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        let before_removal = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("DeleteItem");
        world.stack.faults().add(before_removal.function("manage-users"));
        organization.owner.delete(&organization.user_path(&machine)).await.expect(500);

        let other = world.organization("bob", "strict").await;
        other.machine_key().await;
        other.owner.patch(&other.path, json!({"status": "suspended"})).await.expect(200);
        world.travel(8 * DAY);
        world.forget_organizations().await;
        // The third call is the mark.
        let after_mark =
            Fault::anywhere(Effect::KillAfter).function("manage-organization").when(When::Nth(3));
        world.stack.faults().add(after_mark);
        world.person("bob").delete(&other.path).await.expect(500);
        world.stack.faults().clear();
        assert_eq!((world.items_of("KEY#").len(), world.audit("organization.deleted").len()), (2, 1));

        assert_eq!(events_at(world, 60 * DAY + 60).await, [""; 0]);
        assert_eq!(world.items_of("KEY#").len(), 0);
    });
}

#[test]
fn of_two_runs_at_once_one_records_an_event_of_expiry() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        for (days, expected) in [(60, 1), (90, 2)] {
            world.travel(days * DAY + 60);
            let (first, second) = two_runs(world, 1).await;
            assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
            assert_eq!(recorded(world).len(), expected, "day {days}");
        }
    });
}

#[test]
fn an_event_that_is_recorded_is_not_claimed_again() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let after_claim = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
        world.stack.faults().add(after_claim.function(FUNCTION).when(When::Nth(1)));
        world.try_notify().await.unwrap_err();
        world.stack.faults().clear();
        assert_eq!(recorded(world).len(), 1);
        world.stack.calls().clear();
        assert_eq!(events_at(world, 60 * DAY + 3_700).await, ALL[..1]);
        let calls = world.stack.calls().by_function(FUNCTION);
        let of_events = calls.iter().filter(|call| String::from_utf8_lossy(&call.request).contains("#EVENT"));
        let operations: Vec<_> = of_events.map(|call| call.operation.as_str()).collect();
        assert_eq!((operations, world.stack.emails().len()), (vec!["BatchGetItem"], 1));
    });
}

#[test]
fn a_key_that_no_run_met_before_it_expired_is_one_event() {
    run(async |world| {
        world.organization("alice", "strict").await.machine_key().await;
        assert_eq!(events_at(world, 90 * DAY + 60).await, ALL[3..]);
    });
}

//! A run that is about to hold, release or re-arm something is overtaken by a change, or ends.

use kit::{DAY, Effect, Fault, Organization, Service, World, key_of, run};
use serde_json::json;

use super::{
    at_transaction,
    gained::{organization_with_keys, set_stages},
    outbox::put_waiting,
    set_status, transaction,
};
use crate::matrix::state;

#[test]
fn a_message_that_was_mailed_before_its_reader_was_suspended_again_is_not_held() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 1);
        set_status(world, &organization, Some(&carol), "suspended").await;
        // The first run has read that the reader is suspended. The second one mails the message.
        let mail = async {
            set_status(world, &organization, Some(&carol), "active").await;
            let summary = world.notify().await;
            set_status(world, &organization, Some(&carol), "suspended").await;
            summary
        };
        let (first, second) = world.while_held(transaction(1), world.notify(), mail).await;
        assert_eq!((&first["failed"], &second["sent"]), (&json!(0), &json!(1)), "{second}");
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn what_another_run_has_released_and_mailed_is_not_released_again() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail");
        world.stack.faults().add(fault.recipient("bob@example.com"));
        world.notify().await;
        world.stack.faults().clear();
        world.end_leases();
        set_status(world, &organization, Some(&bob), "suspended").await;
        put_waiting(world, &organization, &bob, 1);
        world.travel(60 * DAY + 3_600);
        assert_eq!(world.notify().await["waiting"], 2);
        set_status(world, &organization, Some(&bob), "active").await;
        world.travel(60 * DAY + 2 * 3_600);
        // The first run has read what is held.
        let release = async {
            let summary = world.notify().await;
            (summary, state(world))
        };
        let (first, (second, left)) = world.while_held(transaction(1), world.notify(), release).await;
        assert_eq!((&first["sent"], &second["sent"]), (&json!(0), &json!(1)), "{second}");
        let mail = world.stack.emails().pop().unwrap().text;
        assert!(mail.contains("expires in 30 days") && mail.contains("Something happened"), "{mail}");
        assert_eq!(state(world), left);
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn a_key_that_is_deleted_while_a_run_rearms_it_leaves_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        let key = organization.key(&machine, 90).await;
        set_status(world, &organization, Some(&machine), "suspended").await;
        world.travel(90 * DAY + 60);
        world.notify().await;
        set_status(world, &organization, Some(&machine), "active").await;
        world.travel(90 * DAY + 180);
        // No stage is to come, so that the key is in the index no more.
        assert!(!world.items_of("KEY#")[0].contains_key("due_at"));
        let (alice, path) = (world.person("alice"), organization.key_path(&key));
        let (summary, deleted) = world.while_held(transaction(1), world.notify(), alice.delete(&path)).await;
        assert_eq!((&summary["failed"], deleted.status), (&json!(0), 204), "{summary}");
        assert!(world.items_of("KEY#").is_empty() && world.items_of("DUE#").is_empty());
    });
}

/// Lifts a suspension, after which another run releases the key and ends.
async fn release_elsewhere(world: &World, organization: &Organization, machine: &str) {
    set_status(world, organization, Some(machine), "active").await;
    world.items_of("DUE#USER#").iter().for_each(|rearming| world.remove(rearming));
    let now = json!({"N": world.stack.clock().now().as_second().to_string()});
    world.set(key_of(&world.items_of("KEY#")[0]), "due_at", &now);
}

#[test]
fn a_key_that_is_released_while_a_run_takes_it_out_of_the_index_is_due_at_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        set_status(world, &organization, Some(&machine), "suspended").await;
        world.travel(90 * DAY + 60);
        let release = release_elsewhere(world, &organization, &machine);
        let (summary, ()) = world.while_held(transaction(1), world.notify(), release).await;
        assert_eq!(summary["failed"], 0);
        world.travel(90 * DAY + 120);
        world.notify().await;
        let subjects: Vec<_> = world.stack.emails().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Access key \"key\" has expired"]);
    });
}

#[test]
fn a_key_that_is_released_while_a_run_gives_it_a_later_stage_is_due_at_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_stages(world, &organization, &[30, 2], false).await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        set_status(world, &organization, Some(&machine), "suspended").await;
        world.travel(60 * DAY + 60);
        world.notify().await;
        set_stages(world, &organization, &[30, 20, 2], false).await;
        world.travel(60 * DAY + 180);
        let release = release_elsewhere(world, &organization, &machine);
        let (summary, ()) = world.while_held(transaction(1), world.notify(), release).await;
        assert_eq!(summary["failed"], 0);
        world.travel(60 * DAY + 240);
        world.notify().await;
        let subjects: Vec<_> = world.stack.emails().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Access key \"key\" expires in 30 days"]);
    });
}

#[test]
fn a_run_that_goes_on_with_a_page_of_keys_does_not_look_for_held_items_again() {
    run(async |world| {
        let (organization, key) = organization_with_keys(world, 60).await;
        let machine = &key["key_id"].as_str().unwrap()[..12];
        world.travel(88 * DAY + 60);
        set_status(world, &organization, Some(machine), "suspended").await;
        set_status(world, &organization, Some(machine), "active").await;
        world.travel(88 * DAY + 180);
        // The first run ends before its second page.
        world.stack.faults().add(at_transaction(2, Effect::KillBefore));
        for (is_killed, expected) in [(true, 1), (false, 0)] {
            world.stack.calls().clear();
            assert_eq!(world.try_notify().await.is_err(), is_killed);
            world.stack.faults().clear();
            assert_eq!(world.items_of("DUE#").iter().any(|left| left.contains_key("reached")), is_killed);
            let calls = world.stack.calls().by_function("notify-expiring-keys");
            let held = calls.iter().filter(|call| String::from_utf8_lossy(&call.request).contains("#HELD"));
            assert_eq!(held.filter(|call| call.operation == "Query").count(), expected, "{is_killed}");
        }
        assert!(world.items_of("DUE#").is_empty());
    });
}

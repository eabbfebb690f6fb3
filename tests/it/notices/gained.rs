//! Stages that a policy gains, for keys that were made before.

use std::time::{Duration, Instant};

use kit::{DAY, Effect, Fault, Organization, Service, When, World, run};
use serde_json::{Value, json};

use super::{at_transaction, transaction};
use crate::matrix::state;

pub(super) async fn set_stages(
    world: &World,
    organization: &Organization,
    days_before: &[u16],
    on_expiry: bool,
) {
    let notices = json!({"days_before": days_before, "on_expiry": on_expiry});
    let body = json!({"policy": {"notices": notices}});
    world.person("alice").patch(&organization.path, body).await.expect(200);
}

/// Runs twice at a time, and returns the subjects of the mails.
async fn subjects_at(world: &World, seconds: i64) -> Vec<String> {
    world.travel(seconds);
    let before = world.stack.emails().len();
    for _ in 0..2 {
        assert_eq!(world.notify().await["failed"], 0);
    }
    world.stack.emails()[before..].iter().map(|mail| mail.subject.clone()).collect()
}

#[test]
fn a_key_with_no_stage_left_gets_those_that_the_policy_gains() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_stages(world, &organization, &[30], false).await;
        organization.machine_key().await;
        let told = |days: &str| vec![format!("Access key \"key\" {days}")];
        assert_eq!(subjects_at(world, 60 * DAY + 60).await, told("expires in 30 days"));
        // At its expiry nobody is told, but the expiry is an event.
        assert!(world.items_of("KEY#").iter().all(|key| key["due_at"] == key["expires_at"]));
        set_stages(world, &organization, &[30, 7], false).await;
        assert_eq!(subjects_at(world, 61 * DAY).await, [""; 0]);
        assert!(world.items_of("DUE#").is_empty());
        assert_eq!(subjects_at(world, 83 * DAY + 60).await, told("expires in 7 days"));
        // A stage that is past already is announced too, if it is the narrowest.
        set_stages(world, &organization, &[30, 7, 6], true).await;
        world.travel(85 * DAY);
        set_stages(world, &organization, &[30, 20, 7, 6, 5], true).await;
        assert_eq!(subjects_at(world, 85 * DAY + 120).await, told("expires in 5 days"));
        assert_eq!(subjects_at(world, 90 * DAY + 60).await, told("has expired"));
        assert_eq!(subjects_at(world, 91 * DAY).await, [""; 0]);
    });
}

#[test]
fn a_key_is_not_due_before_the_stage_that_the_policy_gains() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_stages(world, &organization, &[30], false).await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.notify().await;
        set_stages(world, &organization, &[30, 7], false).await;
        world.travel(61 * DAY);
        let summary = world.notify().await;
        assert_eq!(summary["due"], 0, "{summary}");
        let key = &world.items_of("KEY#")[0];
        assert_eq!(key["due_at"].as_i64(), key["expires_at"].as_i64().map(|end| end - 7 * DAY));
    });
}

#[test]
fn a_run_makes_a_hundred_keys_due_in_a_second_at_most() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_stages(world, &organization, &[2], false).await;
        let key = organization.machine_key().await;
        world.copy_key(key["key_id"].as_str().unwrap(), 420);
        set_stages(world, &organization, &[30, 2], false).await;
        world.travel(120);
        let began = Instant::now();
        assert_eq!(world.notify().await["failed"], 0);
        // Nine pages of 50 keys each, half a second between them.
        assert!(began.elapsed() >= Duration::from_secs(4), "{:?}", began.elapsed());
        assert!(world.items_of("DUE#").is_empty());
    });
}

#[test]
fn the_earlier_of_two_stages_comes_first_and_a_key_that_expired_before_the_change_is_not_announced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_stages(world, &organization, &[2], false).await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 10).await;
        organization.key(&machine, 90).await;
        assert_eq!(subjects_at(world, 8 * DAY + 60).await.len(), 1);
        assert_eq!(subjects_at(world, 10 * DAY + 60).await, [""; 0]);
        world.travel(20 * DAY);
        set_stages(world, &organization, &[30, 2], true).await;
        assert_eq!(subjects_at(world, 20 * DAY + 120).await, [""; 0]);
        for (days, told) in [(60, "expires in 30 days"), (88, "expires in 2 days"), (90, "has expired")] {
            let told = format!("Access key \"key\" {told}");
            assert_eq!(subjects_at(world, days * DAY + 60).await, [told]);
        }
    });
}

/// Returns how many keys are due at a time.
fn due_at(world: &World, at: i64) -> usize {
    let now = world.stack.clock().now().as_second() - world.stack.clock().offset_seconds();
    // Made within some seconds.
    let is_it = |due_at: &Value| due_at.as_i64().is_some_and(|due_at| (due_at - now - at).abs() < 60);
    world.items_of("KEY#").iter().filter(|key| key.get("due_at").is_some_and(is_it)).count()
}

#[test]
fn a_newer_policy_takes_the_place_of_an_older_one_and_an_interrupted_pass_goes_on_at_its_page() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        set_stages(world, &organization, &[2], false).await;
        let key = organization.machine_key().await;
        world.copy_key(key["key_id"].as_str().unwrap(), 59);
        assert_eq!(due_at(world, 88 * DAY), 60);
        set_stages(world, &organization, &[20, 2], false).await;
        world.travel(120);
        // The run ends before its second page.
        let kill = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("TransactWriteItems");
        world.stack.faults().add(kill.function("notify-expiring-keys").when(When::Nth(2)));
        assert!(world.try_notify().await.is_err());
        world.stack.faults().clear();
        assert_eq!((due_at(world, 70 * DAY), due_at(world, 88 * DAY)), (50, 10));
        let left = world.items_of("DUE#");
        assert!(left[0].contains_key("reached"), "{left:?}");
        world.stack.calls().clear();
        world.notify().await;
        assert_eq!((due_at(world, 70 * DAY), world.items_of("DUE#").len()), (60, 0));
        assert_eq!(world.stack.calls().count("TransactWriteItems"), 1, "a pass ends with its last page");

        set_stages(world, &organization, &[40, 20, 2], false).await;
        world.travel(240);
        let newer = set_stages(world, &organization, &[60, 20, 2], false);
        let (summary, ()) = world.while_held(transaction(2), world.notify(), newer).await;
        assert_eq!(summary["failed"], 0);
        assert_eq!(world.items_of("DUE#").len(), 1, "the older pass ended, the newer one is to come");
        world.travel(360);
        world.notify().await;
        assert_eq!((due_at(world, 30 * DAY), world.items_of("DUE#").len()), (60, 0));
    });
}

/// Makes an organization with so many keys of 90 days. Their only stage is two days before their expiry.
pub(super) async fn organization_with_keys(world: &World, keys: usize) -> (Organization, Value) {
    let organization = world.organization("alice", "strict").await;
    set_stages(world, &organization, &[2], false).await;
    let key = organization.machine_key().await;
    world.copy_key(key["key_id"].as_str().unwrap(), keys - 1);
    (organization, key)
}

#[test]
fn a_run_of_an_older_policy_takes_nothing_from_a_newer_one() {
    // The first page is the last one, or another one follows.
    for keys in [1, 60] {
        run(async |world| {
            let (organization, _) = organization_with_keys(world, keys).await;
            set_stages(world, &organization, &[20, 2], false).await;
            world.travel(120);
            let newer = set_stages(world, &organization, &[60, 20, 2], false);
            let (summary, ()) = world.while_held(transaction(1), world.notify(), newer).await;
            assert_eq!(summary["failed"], 0);
            world.travel(240);
            world.notify().await;
            assert_eq!((due_at(world, 30 * DAY), world.items_of("DUE#").len()), (keys, 0));
        });
    }
}

#[test]
fn a_run_that_another_one_overtakes_leaves_the_other_pages_to_later_runs() {
    // The keys before the first run, those that are made while it is held, and the page of which a transaction is held.
    for (keys, more, page) in [(51, 0, 1), (101, 0, 2), (48, 3, 1), (98, 3, 2)] {
        run(async |world| {
            let (organization, key) = organization_with_keys(world, keys).await;
            set_stages(world, &organization, &[20, 2], false).await;
            let later = organization.key(&key["key_id"].as_str().unwrap()[..12], 91).await;
            let later = later["key_id"].as_str().unwrap();
            world.travel(120);
            let overtake = async {
                if more > 0 {
                    world.copy_key(later, more);
                }
                // The second run ends before its second page.
                world.stack.faults().add(at_transaction(2, Effect::KillBefore));
                assert!(world.try_notify().await.is_err());
                state(world)
            };
            let (summary, left) = world.while_held(transaction(page), world.notify(), overtake).await;
            assert_eq!(summary["failed"], 0);
            assert_eq!(state(world), left);
            assert!(world.items_of("DUE#")[0].contains_key("reached"));
            world.notify().await;
            let due = (due_at(world, 70 * DAY), due_at(world, 71 * DAY));
            assert_eq!((due, world.items_of("DUE#").len()), ((keys, more + 1), 0));
        });
    }
}

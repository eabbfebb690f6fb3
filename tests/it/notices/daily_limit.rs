//! The limit of an organization's mails on a day to addresses that no sign-in proved.

use std::collections::BTreeMap;

use kit::{DAY, Effect, Fault, Item, Options, Organization, Service, When, World, run_with};
use local::Quota;
use serde_json::{Value, json};

use super::{outbox::put_waiting, recipients, two_runs};
use crate::tokens::token;

const FUNCTION: &str = "notify-expiring-keys";

/// A quota that delays no mail.
const FAST: Quota = Quota { max_24_hour_send: 50_000.0, max_send_rate: 10_000.0, sent_last_24_hours: 0.0 };

/// Seconds from midnight to noon.
pub(super) const NOON: i64 = DAY / 2;

pub(super) fn limited_to(mails: u32) -> Options {
    let parameters =
        [("MailDomains", "example.com".to_owned()), ("MailsPerOrganizationAndDay", mails.to_string())];
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Options { parameters, ..Options::default() }
}

/// Travels to a second of the UTC day that begins so many days after the coming midnight.
pub(super) fn travel_to(world: &World, day: i64, second: i64) {
    world.travel(0);
    let now = world.stack.clock().now().as_second();
    world.travel((now / DAY + 1 + day) * DAY + second - now);
}

/// Makes a machine with an address of its own and a key of so many days, and returns both.
pub(super) async fn machine(organization: &Organization, name: &str, days: i64) -> (String, Value) {
    let body = json!({
        "kind": "machine", "name": name, "email": format!("{name}@example.com"),
        "notifications": {"key_changed": {"email": false}},
    });
    let made = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
    let user_id = made["user_id"].as_str().unwrap().to_owned();
    let key = organization.key(&user_id, days).await;
    (user_id, key)
}

/// Makes an organization whose machines `<owner>0`, `<owner>1`, … have keys of 90, 91, … days.
async fn organization_of(world: &World, owner: &str, machines: i64) -> (Organization, Vec<Value>) {
    let organization = world.organization(owner, "strict").await;
    let mut keys = Vec::new();
    for number in 0..machines {
        keys.push(machine(&organization, &format!("{owner}{number}"), 90 + number).await.1);
    }
    (organization, keys)
}

/// Lets owners hear of no machine.
async fn silence_owners(organization: &Organization) {
    let silent = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
    organization.owner.patch(&organization.path, silent).await.expect(200);
}

/// Counts the mails to each machine of an owner.
fn mails(world: &World, owner: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for address in recipients(world) {
        let name = address.trim_end_matches("@example.com");
        if name.strip_prefix(owner).is_some_and(|number| number.parse::<u32>().is_ok()) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Expects one mail to each of these machines of an owner, and none to others.
fn expect_mails(world: &World, owner: &str, numbers: &[u32]) {
    let expected: BTreeMap<_, _> = numbers.iter().map(|number| (format!("{owner}{number}"), 1)).collect();
    assert_eq!(mails(world, owner), expected);
}

/// Returns the counts of the days of an organization, the earliest day first.
fn reserved(world: &World, organization: &Organization) -> Vec<i64> {
    let days = world.partition(&format!("ORG#{}", organization.id), ("MAILS#", "MAILS#~"));
    days.iter().map(|day| day["reserved"].as_i64().unwrap()).collect()
}

#[test]
fn the_most_urgent_mails_of_a_day_are_sent_and_the_others_wait_for_the_next_midnight() {
    run_with(limited_to(3), async |world| {
        world.stack.set_quota(FAST);
        let (ann, keys) = organization_of(world, "ann", 6).await;
        let (bob, _) = organization_of(world, "bob", 2).await;
        travel_to(world, 66, NOON);
        let summary = world.notify().await;
        // The owners, whose addresses are proven, hear of all machines.
        assert_eq!((&summary["sent"], &summary["waiting"]), (&json!(7), &json!(3)), "{summary}");
        assert_eq!((&summary["skipped"], &summary["left_over"]), (&json!(0), &json!(0)), "{summary}");
        expect_mails(world, "ann", &[0, 1, 2]);
        expect_mails(world, "bob", &[0, 1]);
        let lines = world.stack.logs().by_function(FUNCTION);
        let told = lines.iter().filter(|line| line.contains("more mails than are left of the day"));
        assert!(told.clone().count() == 1 && told.clone().all(|line| line.contains(&ann.id)));
        assert_eq!((reserved(world, &ann), reserved(world, &bob)), (vec![3], vec![2]));
        let day = &world.partition(&format!("ORG#{}", ann.id), ("MAILS#", "MAILS#~"))[0];
        let today = world.stack.clock().now_text()[..10].to_owned();
        let midnight = (world.stack.clock().now().as_second() / DAY + 1) * DAY;
        assert_eq!((&day["SK"], &day["ttl"]), (&json!(format!("MAILS#{today}")), &json!(midnight + DAY)));
        let waits = |key: &&Item| key["due_at"] == midnight;
        assert_eq!(world.items_of("KEY#").iter().filter(waits).count(), 3);

        for second in [NOON + 300, DAY - 1] {
            travel_to(world, 66, second);
            assert_eq!(world.notify().await["due"], 0, "nothing is read again before midnight");
        }
        // A key that is revoked meanwhile is not announced.
        let revoke = format!("{}/revoke", ann.key_path(&keys[4]));
        world.person("ann").post(&revoke, Value::Null).await.expect(200);
        travel_to(world, 67, 0);
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["waiting"]), (&json!(2), &json!(0)), "{summary}");
        expect_mails(world, "ann", &[0, 1, 2, 3, 5]);
        assert_eq!(reserved(world, &ann), [3, 2]);
        travel_to(world, 68, NOON);
        assert_eq!(world.notify().await["due"], 0);
        let owners = recipients(world).into_iter().filter(|to| to == "ann@example.com").count();
        assert_eq!(owners, 1, "the owner hears once of each key");
    });
}

#[test]
fn messages_and_unfinished_mails_wait_too_and_threats_do_not() {
    run_with(limited_to(1), async |world| {
        world.stack.set_quota(FAST);
        let ann = world.organization("ann", "strict").await;
        let (first, key) = machine(&ann, "ann0", 365).await;
        let (second, _) = machine(&ann, "ann1", 365).await;
        travel_to(world, 0, NOON);
        for user_id in [&first, &second] {
            put_waiting(world, &ann, user_id, 2);
        }
        let summary = world.notify().await;
        let counts = ["sent", "waiting", "left_over"].map(|count| summary[count].as_u64().unwrap());
        assert_eq!(counts, [1, 1, 0], "{summary}");
        let waiting = world.items_of("OUTBOX#");
        let midnight = (world.stack.clock().now().as_second() / DAY + 1) * DAY;
        assert!(waiting.len() == 2 && waiting.iter().all(|item| item["due_at"] == midnight), "{waiting:?}");
        world.anonymous().post("/v1/leaked-keys", json!({"tokens": [token(&key)]})).await.expect(202);
        let sent = mails(world, "ann").values().sum::<usize>();
        world.notify().await;
        assert_eq!((mails(world, "ann").values().sum::<usize>(), reserved(world, &ann)), (sent + 1, vec![1]));

        // The mail may have been sent, so that it counts.
        travel_to(world, 1, NOON);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        assert_eq!(world.notify().await["failed"], 1);
        world.stack.faults().clear();
        world.end_leases();
        travel_to(world, 1, NOON + 300);
        assert_eq!(world.notify().await["waiting"], 1);
        let leased: Vec<_> =
            world.items_of("MAIL#").into_iter().filter(|mail| mail["status"] == "leased").collect();
        assert_eq!((leased.len(), &leased[0]["attempts"]), (1, &json!(0)), "no attempt is counted");
        travel_to(world, 1, DAY - 1);
        assert_eq!(world.notify().await["due"], 0);
        travel_to(world, 2, 0);
        assert_eq!(world.notify().await["sent"], 1);
        assert_eq!((reserved(world, &ann), mails(world, "ann").len()), (vec![1, 1, 1], 2));
        assert!(world.items_of("OUTBOX#").is_empty());
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn two_runs_at_once_stay_within_the_limit() {
    run_with(limited_to(3), async |world| {
        world.stack.set_quota(FAST);
        // The first run is held at its reservation, and then at a claim behind it.
        for (owner, held, day) in [("ann", 2, 66), ("bob", 3, 76)] {
            let (organization, _) = organization_of(world, owner, 5).await;
            silence_owners(&organization).await;
            travel_to(world, day, NOON);
            let (first, second) = two_runs(world, held).await;
            assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
            expect_mails(world, owner, &[0, 1, 2]);
            assert_eq!(reserved(world, &organization), [3], "{owner}");
            assert_eq!(world.notify().await["due"], 0, "{owner}");
            travel_to(world, day + 1, 0);
            world.notify().await;
            expect_mails(world, owner, &[0, 1, 2, 3, 4]);
            assert_eq!(world.notify().await["due"], 0, "{owner}");
            world.travel(0);
        }
    });
}

#[test]
fn a_count_is_never_too_low_and_too_high_only_after_a_run_that_ended_early() {
    run_with(limited_to(3), async |world| {
        world.stack.set_quota(FAST);
        let at = |effect: Effect, call: u64| {
            let fault = Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems");
            fault.function(FUNCTION).when(When::Nth(call))
        };
        // A run that ends between reservation and send.
        let (ann, _) = organization_of(world, "ann", 5).await;
        travel_to(world, 66, NOON);
        // The first transaction writes the events, the second fills the owner's inbox, the third reserves.
        world.stack.faults().add(at(Effect::KillAfter, 3));
        assert!(world.try_notify().await.is_err());
        world.stack.faults().clear();
        assert_eq!(world.notify().await["waiting"], 5);
        expect_mails(world, "ann", &[]);
        assert_eq!(reserved(world, &ann), [3]);
        travel_to(world, 67, 0);
        world.notify().await;
        expect_mails(world, "ann", &[0, 1, 2]);
        travel_to(world, 68, 0);
        world.notify().await;
        expect_mails(world, "ann", &[0, 1, 2, 3, 4]);
        assert_eq!(reserved(world, &ann), [3, 3, 2]);
        world.travel(0);

        // Each run loses the reply of one of its transactions, and sends one of two mails.
        for call in 1..=6 {
            let owner = format!("lost{call}-");
            let (organization, _) = organization_of(world, &owner, 2).await;
            silence_owners(&organization).await;
            travel_to(world, 66, NOON);
            let sent = f64::from(u32::try_from(world.stack.emails().len()).unwrap());
            world.stack.set_quota(Quota { max_24_hour_send: sent + 1.0, ..FAST });
            world.stack.faults().add(at(Effect::LoseReply, call));
            let summary = world.notify().await;
            assert_eq!((&summary["sent"], &summary["waiting"]), (&json!(1), &json!(0)), "{call}: {summary}");
            assert_eq!(world.stack.faults().struck(), 1, "{call}");
            world.stack.faults().clear();
            expect_mails(world, &owner, &[0]);
            assert_eq!(reserved(world, &organization), [1], "{call}");
            world.stack.set_quota(FAST);
            world.notify().await;
            expect_mails(world, &owner, &[0, 1]);
            assert_eq!(reserved(world, &organization), [2], "{call}");
            world.travel(0);
        }
    });
}

#[test]
fn mails_that_a_run_returns_to_a_day_whose_count_is_gone_are_not_counted() {
    run_with(limited_to(3), async |world| {
        let (ann, _) = organization_of(world, "ann", 2).await;
        silence_owners(&ann).await;
        travel_to(world, 66, NOON);
        // Two mails are reserved, and SES takes one. The day's count is gone before the run returns the other one, as its
        // TTL removes it from under a run that is days late.
        world.stack.set_quota(Quota { max_24_hour_send: 1.0, ..FAST });
        let end = async {
            assert_eq!(reserved(world, &ann), [2]);
            world.items_of("MAILS#").iter().for_each(|count| world.remove(count));
        };
        let mail = ("notify-expiring-keys", "SendRawEmail", 1);
        let (summary, ()) = world.while_held(mail, world.notify(), end).await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(1), &json!(0)), "{summary}");
        assert_eq!(reserved(world, &ann), [0; 0]);
    });
}

#[test]
fn the_last_mail_of_a_day_is_reserved_after_others() {
    run_with(limited_to(2), async |world| {
        world.stack.set_quota(FAST);
        let ann = world.organization("ann", "strict").await;
        let (first, _) = machine(&ann, "ann0", 365).await;
        let (second, _) = machine(&ann, "ann1", 365).await;
        travel_to(world, 0, NOON);
        for (user_id, count) in [(&first, 1), (&second, 2)] {
            put_waiting(world, &ann, user_id, 1);
            assert_eq!(world.notify().await["sent"], 1, "{count}");
            assert_eq!(reserved(world, &ann), [count]);
        }
    });
}

#[test]
fn an_unsent_mail_that_is_the_only_one_of_its_day_is_returned() {
    run_with(limited_to(3), async |world| {
        let (ann, _) = organization_of(world, "ann", 1).await;
        let (bob, _) = organization_of(world, "bob", 1).await;
        silence_owners(&ann).await;
        silence_owners(&bob).await;
        travel_to(world, 66, NOON);
        // Each organization reserves a mail, and SES takes one of the two.
        world.stack.set_quota(Quota { max_24_hour_send: 1.0, ..FAST });
        assert_eq!(world.notify().await["sent"], 1);
        let mut counts = [reserved(world, &ann), reserved(world, &bob)].concat();
        counts.sort_unstable();
        assert_eq!(counts, [0, 1]);
    });
}

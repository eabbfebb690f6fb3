//! What is owed to suspended readers: it waits, and is sent when the suspension is lifted.

use kit::{DAY, Effect, Fault, Service, When, World, run};
use serde_json::{Value, json};

use super::{outbox::put_waiting, set_status, titles, transaction};

/// Returns how many held items the table has, none of which is in the `due` index.
fn held(world: &World) -> usize {
    let all = world.items();
    let held = all.iter().filter(|item| {
        item.get("GSI1PK").and_then(Value::as_str).is_some_and(|partition| partition.ends_with("#HELD"))
    });
    held.inspect(|item| assert!(!item.contains_key("due_at") && item.contains_key("ttl"), "{item:?}")).count()
}

fn mails_to(world: &World, name: &str) -> Vec<local::Email> {
    let address = format!("{name}@example.com");
    world.stack.emails().into_iter().filter(|mail| mail.to == [address.clone()]).collect()
}

/// Returns to whom a mail announces the expiry of a key, and the time left.
fn announcement(mail: &local::Email) -> Option<(String, String)> {
    let text = mail.text.replace('\r', "");
    let (_, key) = text.split_once("* key\n")?;
    Some((mail.to[0].clone(), key.trim_start().split_once(':')?.0.to_owned()))
}

/// Two runs: nothing is due in the second one.
async fn notify_until_nothing_is_due(world: &World) {
    world.notify().await;
    let summary = world.notify().await;
    assert_eq!((&summary["due"], &summary["failed"]), (&json!(0), &json!(0)), "{summary}");
}

#[test]
fn a_message_that_waits_is_held_and_sent_after_the_suspension_of_a_user_or_an_organization() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        for (number, user_id) in [Some(carol.as_str()), None].into_iter().enumerate() {
            let start = i64::try_from(number).unwrap() * 100 * DAY;
            world.travel(start + 60);
            put_waiting(world, &organization, &carol, 3);
            set_status(world, &organization, user_id, "suspended").await;
            let before = mails_to(world, "carol").len();
            let summary = world.notify().await;
            assert_eq!((&summary["waiting"], held(world)), (&json!(3), 3), "{summary}");
            world.travel(start + 40 * DAY);
            assert_eq!(world.notify().await["due"], 0, "no run reads what waits");
            set_status(world, &organization, user_id, "active").await;
            world.travel(start + 40 * DAY + 40);
            world.notify().await;
            assert_eq!(held(world), 3, "a minute passes first");
            world.travel(start + 40 * DAY + 60);
            notify_until_nothing_is_due(world).await;
            let mails = mails_to(world, "carol");
            let told = mails.iter().skip(before).map(|mail| mail.text.matches("Something happened").count());
            assert_eq!(told.sum::<usize>(), 3);
            assert_eq!(
                (held(world), world.items_of("OUTBOX#").len(), world.items_of("DUE#").len()),
                (0, 0, 0)
            );
        }
    });
}

#[test]
fn a_run_releases_two_thousand_items_of_an_organization_and_the_next_one_the_rest_and_neither_is_behind() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        set_status(world, &organization, Some(&carol), "suspended").await;
        world.travel(60);
        put_waiting(world, &organization, &carol, 2_050);
        // A run reads two thousand entries of an organization.
        world.notify().await;
        assert!(held(world) <= 2_000);
        world.notify().await;
        assert_eq!(held(world), 2_050);
        set_status(world, &organization, Some(&carol), "active").await;
        world.travel(180);
        for (still_held, rearming) in [(50, 1), (0, 0)] {
            let summary = world.notify().await;
            assert_eq!((&summary["failed"], &summary["left_over"]), (&json!(0), &json!(0)), "{summary}");
            assert_eq!((held(world), world.items_of("DUE#").len()), (still_held, rearming), "{summary}");
        }
    });
}

#[test]
fn a_claimed_mail_is_held_and_sent_once_as_long_as_it_is_true() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let [kept, revoked] = [organization.machine_key().await, organization.machine_key().await];
        for (user_id, day) in [(Some(bob.as_str()), 60), (None, 83)] {
            world.travel(day * DAY + 60);
            let fault = Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail");
            world.stack.faults().add(fault.recipient("bob@example.com"));
            world.notify().await;
            world.stack.faults().clear();
            world.end_leases();
            let before = mails_to(world, "bob").len();
            set_status(world, &organization, user_id, "suspended").await;
            world.travel(day * DAY + 3_600);
            let summary = world.notify().await;
            assert_eq!((&summary["waiting"], held(world)), (&json!(1), 1), "{summary}");
            assert_eq!(world.notify().await["due"], 0);
            set_status(world, &organization, user_id, "active").await;
            if day == 60 {
                let path = format!("{}/revoke", organization.key_path(&revoked));
                world.person("alice").post(&path, Value::Null).await.expect(200);
            }
            world.travel(day * DAY + 2 * 3_600);
            notify_until_nothing_is_due(world).await;
            let mails = mails_to(world, "bob");
            let announced = |key: &Value| {
                let mails = mails.iter().skip(before);
                mails
                    .filter(|mail| {
                        mail.text.contains("expires in")
                            && mail.text.contains(key["key_id"].as_str().unwrap())
                    })
                    .count()
            };
            assert_eq!((announced(&kept), announced(&revoked), held(world)), (1, 0, 0), "{mails:?}");
        }
    });
}

#[test]
fn of_the_stages_that_a_suspended_reader_missed_the_narrowest_is_announced_to_those_who_were_not_told() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        let set = async |user_id, status| set_status(world, &organization, user_id, status).await;
        let runs = async |days: i64| {
            world.travel(days * DAY + 60);
            let before = world.stack.emails().len();
            world.notify().await;
            world.notify().await;
            let mut told: Vec<_> = world.stack.emails()[before..].iter().filter_map(announcement).collect();
            told.sort();
            told
        };
        let told = |name: &str, time_left: &str| (format!("{name}@example.com"), time_left.to_owned());
        // An owner misses a stage that another owner hears of.
        set(Some(bob.as_str()), "suspended").await;
        assert_eq!(runs(60).await, [told("alice", "expires in 30 days")]);
        assert_eq!(world.notify().await["due"], 0);
        set(Some(bob.as_str()), "active").await;
        assert_eq!(runs(61).await, [told("bob", "expires in 29 days")]);
        assert_eq!(titles(world, &bob), ["Access key \"key\" expires in 29 days"]);
        assert_eq!(runs(62).await, []);

        // The key's own user is suspended: nobody hears of the key.
        set(Some(machine.as_str()), "suspended").await;
        assert_eq!(runs(83).await, []);
        set(Some(machine.as_str()), "active").await;
        let days = "expires in 6 days";
        assert_eq!(runs(84).await, [told("alice", days), told("bob", days)]);

        // Two stages are missed: only the narrower one is announced.
        set(None, "suspended").await;
        assert_eq!(runs(88).await, []);
        assert_eq!(runs(95).await, []);
        assert_eq!(world.notify().await["due"], 0);
        set(None, "active").await;
        assert_eq!(runs(96).await, [told("alice", "has expired"), told("bob", "has expired")]);
        assert_eq!(runs(97).await, []);
        assert!(world.items_of("DUE#").is_empty());
    });
}

#[test]
fn a_reader_who_is_suspended_again_before_everything_is_sent_gets_it_after_the_last_suspension() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        organization.machine_key().await;
        put_waiting(world, &organization, &bob, 1);
        let set = async |user_id, status| set_status(world, &organization, user_id, status).await;
        let user_id = Some(bob.as_str());
        set(user_id, "suspended").await;
        world.travel(60 * DAY + 60);
        world.notify().await;
        for (lifted, again) in [(user_id, user_id), (user_id, None)] {
            set(lifted, "active").await;
            set(again, "suspended").await;
            world.travel(61 * DAY + 60);
            world.notify().await;
            assert_eq!(world.notify().await["due"], 0);
            let mails = mails_to(world, "bob");
            assert!(
                mails.iter().all(|mail| !mail.text.contains("Something") && announcement(mail).is_none())
            );
        }
        set(None, "active").await;
        world.travel(62 * DAY + 60);
        for _ in 0..3 {
            world.notify().await;
        }
        let mails = mails_to(world, "bob");
        for told in ["Something happened", "expires in 28 days"] {
            assert_eq!(mails.iter().filter(|mail| mail.text.contains(told)).count(), 1, "{told}: {mails:?}");
        }
        assert_eq!((world.items_of("DUE#").len(), held(world)), (0, 0));
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn what_a_run_is_about_to_hold_when_the_suspension_is_lifted_stays_due() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        organization.machine_key().await;
        for (day, user_id) in [(60, Some(bob.as_str())), (83, None)] {
            world.travel(day * DAY - 60);
            put_waiting(world, &organization, &bob, 1);
            set_status(world, &organization, user_id, "suspended").await;
            world.travel(day * DAY + 60);
            // The first run has read that the reader is suspended. The second one re-arms.
            let lifted = set_status(world, &organization, user_id, "active");
            let (summary, ()) = world.while_held(transaction(1), world.try_notify(), lifted).await;
            assert_eq!(summary.unwrap()["failed"], 0);
            assert_eq!(held(world), 0);
            world.travel(day * DAY + 600);
            world.notify().await;
            world.notify().await;
            assert_eq!(world.notify().await["due"], 0);
        }
        let mails = mails_to(world, "bob");
        for told in ["expires in 30 days", "expires in 7 days"] {
            assert_eq!(mails.iter().filter(|mail| mail.text.contains(told)).count(), 1, "{told}: {mails:?}");
        }
        let told: usize = mails.iter().map(|mail| mail.text.matches("Something happened").count()).sum();
        assert_eq!(told, 2);
    });
}

#[test]
fn a_run_that_dies_anywhere_while_it_rearms_loses_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let (mut calls, mut call) = (0, 0);
        while call <= calls {
            let hour = 3_600 * i64::try_from(call).unwrap();
            world.travel(hour);
            put_waiting(world, &organization, &bob, 1);
            set_status(world, &organization, Some(&bob), "suspended").await;
            world.notify().await;
            set_status(world, &organization, Some(&bob), "active").await;
            world.travel(hour + 120);
            world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
            world.stack.calls().clear();
            if call > 0 {
                let kill = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("TransactWriteItems");
                let kill = kill.function("notify-expiring-keys");
                world.stack.faults().add(kill.when(When::Nth(call.try_into().unwrap())));
            }
            let before = mails_to(world, "bob").len();
            assert_eq!(world.try_notify().await.is_err(), call > 0, "at call {call}");
            world.stack.faults().clear();
            if call == 0 {
                let all = world.stack.calls().by_function("notify-expiring-keys");
                calls = all.iter().filter(|call| call.operation == "TransactWriteItems").count();
            }
            world.end_leases();
            world.travel(hour + 1_800);
            notify_until_nothing_is_due(world).await;
            let mails = mails_to(world, "bob");
            let told: usize =
                mails[before..].iter().map(|mail| mail.text.matches("Something happened").count()).sum();
            // A mail that was sent and not marked is sent again.
            assert!((1..=2).contains(&told), "at call {call}: {mails:?}");
            call += 1;
        }
        assert!(calls > 3, "{calls}");
        assert_eq!((held(world), world.items_of("DUE#").len()), (0, 0));
    });
}

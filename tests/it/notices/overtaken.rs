//! A run is overtaken just before it writes: what it read has changed, and it leaves that as it is.

use kit::{DAY, Effect, Fault, Organization, Service, World, key_of, run, run_with};
use serde_json::{Value, json};

use super::{
    daily_limit::{NOON, limited_to, machine, travel_to},
    outbox::put_waiting,
    revoke_or_extend, set_status, transaction,
};

/// What another run does to a mail: it takes over the lease, or marks the mail.
fn changes() -> [(&'static str, Value); 2] {
    [("lease", json!({"S": "01K3ZZZZZZZZZZZZZZZZZZZZZZ"})), ("status", json!({"S": "sent"}))]
}

/// Runs the notice function. Another run changes the only item of this kind just before the run sends this transaction. Expects
/// the item to stay as the other run leaves it.
async fn expect_untouched(world: &World, kind: &str, number: u64, (attribute, value): (&str, Value)) {
    let change = async {
        world.set(key_of(&world.items_of(kind)[0]), attribute, &value);
        world.items_of(kind)
    };
    let (_, left) = world.while_held(transaction(number), world.notify(), change).await;
    assert_eq!(world.items_of(kind), left, "transaction {number}, {attribute}");
}

fn unanswered() -> Fault {
    Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail")
}

/// Makes a run to whose mails SES answers like this, and ends its leases.
async fn leave_unsent(world: &World, fault: Fault) {
    world.stack.faults().add(fault);
    world.notify().await;
    world.stack.faults().clear();
    world.end_leases();
}

#[test]
fn a_mail_that_another_run_took_or_marked_is_neither_taken_over_nor_marked() {
    // The run takes over the mail, sends it and marks it.
    for number in [1, 2] {
        for change in changes() {
            run(async |world| {
                let organization = world.organization("alice", "strict").await;
                organization.machine_key().await;
                world.travel(60 * DAY + 60);
                leave_unsent(world, unanswered()).await;
                world.travel(60 * DAY + 3_600);
                expect_untouched(world, "MAIL#", number, change).await;
                assert_eq!(world.stack.emails().len(), usize::from(number == 2));
            });
        }
    }
}

#[test]
fn nothing_is_claimed_for_a_mail_that_another_run_took_or_marked() {
    for change in changes() {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            organization.machine_key().await;
            world.travel(3_600);
            let other = organization.machine("other").await;
            organization.key(&other, 90).await;
            world.travel(60 * DAY + 60);
            leave_unsent(world, unanswered()).await;
            // Transactions: the event, the inbox, the takeover, and the claim for the second key.
            world.travel(60 * DAY + 7_200);
            expect_untouched(world, "MAIL#", 4, change).await;
            assert_eq!(world.stack.emails().len(), 0);
            world.end_leases();
            world.travel(60 * DAY + 14_400);
            world.notify().await;
            assert_eq!(world.stack.emails().len(), 1);
        });
    }
}

#[test]
fn no_message_is_moved_into_a_mail_that_another_run_took_or_marked() {
    for change in changes() {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            organization.machine_key().await;
            let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
            world.travel(60 * DAY + 60);
            leave_unsent(world, unanswered()).await;
            put_waiting(world, &organization, me["user_id"].as_str().unwrap(), 1);
            world.travel(60 * DAY + 3_600);
            world.stack.calls().clear();
            // The run takes over the mail, and adds the message.
            expect_untouched(world, "MAIL#", 2, change).await;
            let calls = world.stack.calls().by_function("notify-expiring-keys");
            let transactions = calls.iter().filter(|call| call.operation == "TransactWriteItems").count();
            assert_eq!(transactions, 2, "the run does not try again");
            assert_eq!((world.items_of("OUTBOX#").len(), world.stack.emails().len()), (1, 0));
        });
    }
}

/// Removes the second of three waiting messages, as another run that mails it.
fn mail_second(world: &World) {
    let waiting = world.items_of("OUTBOX#");
    assert_eq!(waiting.len(), 3);
    world.remove(&waiting[1]);
}

#[test]
fn a_message_that_another_run_has_mailed_is_left_out_of_a_mail() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 3);
        let (summary, ()) =
            world.while_held(transaction(1), world.notify(), async { mail_second(world) }).await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(1), &json!(0)), "{summary}");
        assert_eq!(world.stack.emails()[0].text.matches("Something happened").count(), 2);
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn a_message_that_another_run_has_mailed_is_left_out_of_what_is_held_for_a_suspended_reader() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 3);
        set_status(world, &organization, Some(&carol), "suspended").await;
        let (summary, ()) =
            world.while_held(transaction(1), world.notify(), async { mail_second(world) }).await;
        assert_eq!(summary["failed"], 0, "{summary}");
        let held = world.items_of("OUTBOX#");
        assert_eq!(held.iter().map(|message| message.get("due_at")).collect::<Vec<_>>(), [None, None]);
    });
}

#[test]
fn a_mail_that_another_run_took_or_marked_is_not_held_for_a_suspended_reader() {
    for change in changes() {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let bob = organization.join_as(world, "bob", "owner").await;
            organization.machine_key().await;
            world.travel(60 * DAY + 60);
            leave_unsent(world, unanswered().recipient("bob@example.com")).await;
            set_status(world, &organization, Some(&bob), "suspended").await;
            world.travel(60 * DAY + 3_600);
            // Only Bob's mail stays.
            for mail in world.items_of("MAIL#").iter().filter(|mail| mail["status"] == "sent") {
                world.remove(mail);
            }
            expect_untouched(world, "MAIL#", 1, change).await;
        });
    }
}

#[test]
fn a_rearming_that_was_caused_anew_or_has_gone_on_is_not_held() {
    for change in [("caused_by", json!({"N": "99"})), ("reached", json!({"S": "somewhere"}))] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let bob = organization.join_as(world, "bob", "owner").await;
            for status in ["suspended", "active", "suspended"] {
                set_status(world, &organization, Some(&bob), status).await;
            }
            world.travel(120);
            expect_untouched(world, "DUE#", 1, change).await;
        });
    }
}

/// Makes a machine with a waiting message, which takes the only mail of the day, and another machine.
async fn two_machines_and_a_message(world: &World) -> (Organization, String) {
    let organization = world.organization("ann", "strict").await;
    let (first, _) = machine(&organization, "ann0", 365).await;
    let (second, _) = machine(&organization, "ann1", 365).await;
    travel_to(world, 0, NOON);
    put_waiting(world, &organization, &first, 1);
    (organization, second)
}

#[test]
fn a_mail_that_another_run_took_or_marked_does_not_wait_for_the_next_day() {
    for change in changes() {
        run_with(limited_to(1), async |world| {
            two_machines_and_a_message(world).await;
            // The mail may have been sent, so that it counts.
            leave_unsent(world, unanswered()).await;
            travel_to(world, 0, NOON + 360);
            expect_untouched(world, "MAIL#", 1, change).await;
        });
    }
}

#[test]
fn a_message_that_another_run_has_mailed_does_not_wait_for_the_next_day() {
    run_with(limited_to(1), async |world| {
        let (organization, second) = two_machines_and_a_message(world).await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        put_waiting(world, &organization, &second, 1);
        let mailed = async { world.items_of("OUTBOX#").iter().for_each(|message| world.remove(message)) };
        let (summary, ()) = world.while_held(transaction(1), world.notify(), mailed).await;
        assert_eq!(summary["waiting"], 1, "{summary}");
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn a_key_that_is_revoked_or_extended_before_its_notice_is_claimed_is_not_announced() {
    // The run writes the event, the message in the inbox, and the mail.
    for (number, messages) in [(1, 0), (2, 0), (3, 1)] {
        for revokes in [true, false] {
            run(async |world| {
                let organization = world.organization("alice", "strict").await;
                let policy = json!({"policy": {"extension": "any_time"}});
                organization.owner.patch(&organization.path, policy).await.expect(200);
                let key = organization.machine_key().await;
                world.travel(60 * DAY + 60);
                let change = revoke_or_extend(world, &organization, &key, revokes);
                world.while_held(transaction(number), world.notify(), change).await;
                world.notify().await;
                let told = (world.items_of("INBOX#").len(), world.stack.emails().len());
                assert_eq!(told, (messages, 0), "transaction {number}, {revokes}");
            });
        }
    }
}

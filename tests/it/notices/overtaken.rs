//! A run is overtaken just before it writes: what it read has changed, and it leaves that as it is.

use kit::{DAY, Effect, Fault, Organization, Service, World, run, run_with};
use serde_json::{Value, json};

use super::{
    daily_limit::{NOON, limited_to, machine, travel_to},
    outbox::put_waiting,
    set_status, transaction,
};

/// What another run does to a mail: it takes over the lease, or marks the mail.
fn changes() -> [(&'static str, Value); 2] {
    [("lease", json!({"S": "01K3ZZZZZZZZZZZZZZZZZZZZZZ"})), ("status", json!({"S": "sent"}))]
}

/// Runs the notice function. Another run changes the only item of this kind just before the run sends this transaction. Expects
/// the item to stay as the other run leaves it.
async fn expect_untouched(world: &World, kind: &str, number: u64, (attribute, value): (&str, Value)) {
    let change = async {
        let item = &world.items_of(kind)[0];
        let key = (item["PK"].as_str().unwrap(), item["SK"].as_str().unwrap());
        world.update(key, "SET #attribute = :value", attribute, &value);
        world.items_of(kind)
    };
    let (_, left) = world.while_held(transaction(number), world.notify(), change).await;
    assert_eq!(world.items_of(kind), left, "transaction {number}, {attribute}");
}

/// Makes a run to which SES answers with errors, and ends its leases.
async fn leave_unsent(world: &World) {
    world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
    world.notify().await;
    world.stack.faults().clear();
    world.end_leases();
}

#[test]
fn a_mail_that_another_run_has_is_neither_taken_over_nor_marked() {
    // The run takes over the mail, sends it and marks it.
    for number in [1, 2] {
        for change in changes() {
            run(async |world| {
                let organization = world.organization("alice", "strict").await;
                organization.machine_key().await;
                world.travel(60 * DAY + 60);
                leave_unsent(world).await;
                world.travel(60 * DAY + 3_600);
                expect_untouched(world, "MAIL#", number, change).await;
                assert_eq!(world.stack.emails().len(), usize::from(number == 2));
            });
        }
    }
}

#[test]
fn nothing_is_claimed_for_a_mail_that_another_run_has() {
    for change in changes() {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            organization.machine_key().await;
            world.travel(3_600);
            let other = organization.machine("other").await;
            organization.key(&other, 90).await;
            world.travel(60 * DAY + 60);
            leave_unsent(world).await;
            // The run writes the event and the inbox, takes over the mail, and claims the key that is due since.
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
fn a_mail_that_another_run_has_is_not_held_for_a_suspended_reader() {
    for change in changes() {
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
            world.travel(60 * DAY + 3_600);
            world
                .items_of("MAIL#")
                .iter()
                .filter(|mail| mail["status"] == "sent")
                .for_each(|mail| world.remove(mail));
            expect_untouched(world, "MAIL#", 1, change).await;
        });
    }
}

#[test]
fn a_rearming_that_another_run_or_change_has_is_not_held() {
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

/// Makes a machine whose mail of the day is sent, and another one.
async fn with_used_up_day(world: &World) -> (Organization, String) {
    let organization = world.organization("ann", "strict").await;
    let (first, _) = machine(&organization, "ann0", 365).await;
    let (second, _) = machine(&organization, "ann1", 365).await;
    travel_to(world, 0, NOON);
    put_waiting(world, &organization, &first, 1);
    (organization, second)
}

#[test]
fn a_mail_that_another_run_has_does_not_wait_for_the_next_day() {
    for change in changes() {
        run_with(limited_to(1), async |world| {
            with_used_up_day(world).await;
            // The mail may have been sent, so that it counts.
            leave_unsent(world).await;
            travel_to(world, 0, NOON + 300);
            expect_untouched(world, "MAIL#", 1, change).await;
        });
    }
}

#[test]
fn a_message_that_another_run_has_mailed_does_not_wait_for_the_next_day() {
    run_with(limited_to(1), async |world| {
        let (organization, second) = with_used_up_day(world).await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        put_waiting(world, &organization, &second, 1);
        let mail = async { world.items_of("OUTBOX#").iter().for_each(|message| world.remove(message)) };
        let (summary, ()) = world.while_held(transaction(1), world.notify(), mail).await;
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
                let (alice, path) = (world.person("alice"), organization.key_path(&key));
                let change = async {
                    let answer = if revokes {
                        alice.post(&format!("{path}/revoke"), Value::Null).await
                    } else {
                        alice.patch(&path, json!({"expires_in_days": 200})).await
                    };
                    answer.expect(200);
                };
                world.while_held(transaction(number), world.notify(), change).await;
                world.notify().await;
                let told = (world.items_of("INBOX#").len(), world.stack.emails().len());
                assert_eq!(told, (messages, 0), "transaction {number}, {revokes}");
            });
        }
    }
}

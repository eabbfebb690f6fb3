//! Messages to former addresses that two runs have read: each is told once.

use kit::{DAY, Effect, Fault, Organization, Service, World, run};
use serde_json::json;

use super::{parting::change, recipients, transaction, two_runs};

/// Counts in how many mails something is told.
fn told(world: &World, sentence: &str) -> usize {
    world.stack.emails().iter().map(|mail| mail.text.matches(sentence).count()).sum()
}

fn at_ses(effect: Effect) -> Fault {
    Fault::on(Service::Ses, effect).operation("SendRawEmail")
}

async fn with_bob(world: &World) -> (Organization, String) {
    let organization = world.organization("alice", "strict").await;
    let bob = organization.join_as(world, "bob", "normal").await;
    (organization, bob)
}

#[test]
fn of_two_runs_at_once_one_mails_a_former_address() {
    run(async |world| {
        let (organization, bob) = with_bob(world).await;
        change(&organization, &bob, json!({"status": "suspended"})).await;
        // The first run has read the message; the second one mails it meanwhile.
        let (first, second) = two_runs(world, 1).await;
        assert_eq!((&first.unwrap()["sent"], &second.unwrap()["sent"]), (&json!(0), &json!(1)));
        assert_eq!(recipients(world), ["bob@example.com"]);
        assert!(world.items_of("PARTING#").is_empty());
    });
}

#[test]
fn a_message_that_may_have_been_mailed_is_mailed_by_no_other_run_before_the_lease_ends() {
    run(async |world| {
        let (organization, bob) = with_bob(world).await;
        change(&organization, &bob, json!({"status": "suspended"})).await;
        // The first run has read the message, at first without a lease, and then with one that has ended.
        for (hour, sent) in [(0, 1), (1, 2)] {
            world.travel(hour * 3_600);
            let lease = async {
                world.stack.faults().add(at_ses(Effect::LoseReply));
                world.notify().await
            };
            let (first, second) = world.while_held(transaction(1), world.notify(), lease).await;
            assert_eq!((&first["sent"], &second["failed"]), (&json!(0), &json!(1)));
            assert_eq!(world.stack.emails().len(), sent);
            world.end_leases();
        }
        world.travel(2 * 3_600);
        assert_eq!(world.notify().await["sent"], 1);
        assert!(world.items_of("PARTING#").is_empty());
    });
}

#[test]
fn of_two_runs_at_once_one_moves_a_message_to_the_outbox_of_a_person_who_has_the_address() {
    run(async |world| {
        let (organization, bob) = with_bob(world).await;
        change(&organization, &bob, json!({"kind": "owner"})).await;
        let (first, second) = two_runs(world, 1).await;
        assert_eq!((&first.unwrap()["sent"], &second.unwrap()["sent"]), (&json!(0), &json!(1)));
        assert_eq!(told(world, "changed your account"), 1);

        // A mail to the address of a suspended person fails, and the person is active when its lease ends.
        change(&organization, &bob, json!({"status": "suspended"})).await;
        world.stack.faults().add(at_ses(Effect::ServerError));
        assert_eq!(world.notify().await["failed"], 1);
        world.stack.faults().clear();
        change(&organization, &bob, json!({"status": "active"})).await;
        world.end_leases();
        world.travel(3_600);
        // The first transaction re-arms.
        let (first, second) = two_runs(world, 2).await;
        assert_eq!((&first.unwrap()["sent"], &second.unwrap()["sent"]), (&json!(0), &json!(1)));
        assert_eq!(told(world, "suspended your account"), 1);
        assert!(world.items_of("PARTING#").is_empty() && world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn a_message_that_another_run_mails_to_the_former_address_does_not_move_to_the_outbox() {
    run(async |world| {
        let (organization, bob) = with_bob(world).await;
        change(&organization, &bob, json!({"kind": "owner"})).await;
        // The first run has read that the person still has the address. The second one mails the message.
        let mail = async {
            change(&organization, &bob, json!({"status": "suspended"})).await;
            world.stack.faults().add(at_ses(Effect::LoseReply));
            world.notify().await
        };
        let (first, second) = world.while_held(transaction(1), world.notify(), mail).await;
        assert_eq!((&first["sent"], &second["failed"]), (&json!(0), &json!(2)));
        assert_eq!((told(world, "changed your account"), world.items_of("OUTBOX#").len()), (1, 0));
    });
}

#[test]
fn of_two_runs_that_remove_an_organization_one_tells_its_people() {
    run(async |world| {
        let (organization, _) = with_bob(world).await;
        let suspended = json!({"status": "suspended"});
        organization.owner.patch(&organization.path, suspended).await.expect(200);
        world.travel(7 * DAY + 60);
        // The request ends when it has marked the organization.
        let kill = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
        world.stack.faults().add(kill.function("manage-organization"));
        assert_eq!(world.person("alice").delete(&organization.path).await.status, 500);
        world.stack.faults().clear();
        world.travel(7 * DAY + 180);
        let (first, second) = two_runs(world, 1).await;
        assert_eq!((&first.unwrap()["failed"], &second.unwrap()["failed"]), (&json!(0), &json!(0)));
        assert_eq!(world.notify().await["sent"], 1);
        assert_eq!(told(world, "deleted the organization"), 1);
        assert!(world.items_of("USER").is_empty());
    });
}

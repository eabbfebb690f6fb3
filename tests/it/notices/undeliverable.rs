//! Mails that SES refuses for good.

use kit::{DAY, Effect, Fault, Service, When, run};
use serde_json::json;

use super::{recipients, titles};

#[test]
fn a_mail_to_an_invalid_address_is_dead_and_the_owners_are_notified() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "bob", "owner").await;
        organization.machine_key().await;
        let refused = || Fault::on(Service::Ses, Effect::RejectAddress).recipient("bob@example.com");
        world.travel(60 * DAY + 60);
        world.stack.faults().add(refused());
        world.notify().await;
        // Before SES took a mail of ours, what it says of an address may be said of ours.
        world.end_leases();
        world.travel(61 * DAY);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com"]);
        assert_eq!(world.notify().await["sent"], 0, "owners hear of it in their inboxes alone");
        let dead: Vec<_> =
            world.items_of("MAIL#").into_iter().filter(|mail| mail["status"] == "dead").collect();
        assert_eq!(dead.len(), 1);
        assert!(!dead[0].contains_key("due_at"));
        let alice = world.person("alice");
        let me = alice.get(&organization.user_path("me")).await.expect(200);
        let inbox = titles(world, me["user_id"].as_str().unwrap());
        assert_eq!(inbox.iter().filter(|title| *title == "Mails to \"bob\" cannot be delivered").count(), 1);
        let page = alice.get(&format!("{}/inbox", organization.user_path("me"))).await.expect(200);
        let items = page["items"].as_array().unwrap();
        let told = items.iter().find(|item| item["event"] == "mail_undeliverable").unwrap();
        for named in ["bob@example.com", "Access key \"key\" expires in"] {
            assert!(told["text"].as_str().unwrap().contains(named), "{told}");
        }

        world.stack.faults().clear();
        world.end_leases();
        world.travel(70 * DAY);
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn a_run_that_dies_while_it_marks_a_mail_undeliverable_still_notifies_the_owners_once() {
    for effect in [Effect::KillBefore, Effect::KillAfter] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let bob = organization.invite("bob").await;
            let body = json!({"name": "own", "expires_in_days": 90});
            world.person("bob").post(&organization.keys_of("me"), body).await.expect(201);
            organization.machine_key().await;
            world.travel(60 * DAY + 60);
            let of_bob = |effect| Fault::on(Service::Ses, effect).recipient("bob@example.com");
            world.stack.faults().add(of_bob(Effect::ServerError));
            world.notify().await;
            world.stack.faults().clear();
            world.stack.faults().add(of_bob(Effect::RejectAddress));
            world.end_leases();
            world.travel(61 * DAY);
            // The transactions of taking the mail up, and of giving it up.
            let fault = Fault::on(Service::DynamoDb, effect.clone()).operation("TransactWriteItems");
            world.stack.faults().add(fault.function("notify-expiring-keys").when(When::Nth(2)));
            world.try_notify().await.ok();
            // A new instance has to see SES take another mail first.
            for days in 83..86 {
                world.end_leases();
                world.travel(days * DAY);
                world.try_notify().await.ok();
            }
            let told = world.items_of("INBOX#");
            let told: Vec<_> = told.iter().filter(|item| item["event"] == "mail_undeliverable").collect();
            let dead = world.items_of("MAIL#").into_iter().filter(|mail| mail["status"] == "dead").count();
            assert!(dead > 0 && told.len() == dead, "{effect:?}: {dead} dead, {} told", told.len());
            assert_ne!(told[0]["PK"], format!("USER#{bob}"));
        });
    }
}

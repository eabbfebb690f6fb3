//! The stages of an expiry: 30, 7 and 2 days before, and at the expiry.

use kit::{DAY, Effect, Fault, Organization, Service, When, World, run};
use serde_json::{Value, json};

#[test]
fn the_owner_is_mailed_once_when_a_machines_key_is_about_to_expire() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
        world.travel(60 * DAY + 60);
        world.notify().await;
        let mails = world.stack.emails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0].to, ["alice@example.com"]);
        for part in [&mails[0].text, &mails[0].html] {
            let key_id = key["key_id"].as_str().unwrap();
            assert!(part.contains(key_id) && part.contains("machine"), "{part}");
        }
        world.notify().await;
        world.travel(61 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        world.travel(83 * DAY + 60);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 2);
    });
}

#[test]
fn keys_that_were_revoked_are_not_announced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        organization
            .owner
            .post(&format!("{}/revoke", organization.key_path(&key)), json!(null))
            .await
            .expect(200);
        world.travel(60 * DAY + 60);
        world.notify().await;
        world.travel(91 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
    });
}

#[test]
fn a_key_made_for_a_day_is_announced_at_its_expiry_alone() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 1).await;
        assert_eq!(sent_at(world, DAY - 60).await, 0);
        assert_eq!(sent_at(world, DAY + 60).await, 1);
        assert_eq!(world.stack.emails()[0].subject, "Access key \"key\" has expired");
        assert_eq!(sent_at(world, 2 * DAY).await, 0);
    });
}

#[test]
fn an_extension_arms_every_stage_that_it_leaves_ahead() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("machine").await;
        let (far, near) = (organization.key(&machine, 90).await, organization.key(&machine, 90).await);
        // A day is left of each.
        assert_eq!(sent_at(world, 89 * DAY).await, 1);
        extend(world, &organization, &far, 60).await;
        extend(world, &organization, &near, 20).await;
        assert_eq!(sent_at(world, 89 * DAY + 600).await, 0);
        assert_eq!(sent_at(world, 102 * DAY + 600).await, 1, "seven days before the nearer end");
        assert_eq!(sent_at(world, 107 * DAY + 600).await, 1, "two days");
        assert_eq!(sent_at(world, 119 * DAY + 600).await, 1, "thirty days before the farther end");
        let told = |mail: &local::Email| {
            let names = |key: &Value| mail.text.contains(key["key_id"].as_str().unwrap());
            (names(&far), names(&near))
        };
        let told: Vec<_> = world.stack.emails().iter().map(told).collect();
        assert_eq!(told, [(true, true), (false, true), (false, true), (true, true)]);
        assert!(world.stack.emails()[3].text.contains("has expired"), "the nearer one has");
    });
}

#[test]
fn a_run_that_is_ten_days_late_sends_one_notice() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        assert_eq!(sent_at(world, 88 * DAY + 600).await, 1);
        assert_eq!(world.stack.emails()[0].subject, "Access key \"key\" expires in 2 days");
        assert_eq!(sent_at(world, 89 * DAY).await, 0);
        assert_eq!(world.items_of("NOTICE#").len(), 3, "by mail, in the inbox and as an event");
        assert_eq!(sent_at(world, 90 * DAY + 60).await, 1);
    });
}

#[test]
fn a_run_with_an_older_time_announces_no_wider_stage_after_a_narrower_one() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(83 * DAY + 60);
        world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
        // Claims of event, inbox and mail, the mark, and then the key's advance, before which the run dies.
        let kill = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("TransactWriteItems");
        world.stack.faults().add(kill.function("notify-expiring-keys").when(When::Nth(5)));
        assert!(world.try_notify().await.is_err());
        world.stack.faults().clear();
        assert_eq!(world.stack.emails().len(), 1);
        world.travel(61 * DAY);
        let summary = world.notify().await;
        assert_eq!((&summary["due"], &summary["sent"]), (&json!(1), &json!(0)), "{summary}");
        let claims = world.items_of("NOTICE#");
        assert!(claims.len() == 3 && claims.iter().all(|claim| claim["stage"] == 7), "{claims:?}");
        assert_eq!(world.items_of("INBOX#").len(), 1);
    });
}

#[test]
fn an_inactive_key_is_announced_all_the_same() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        organization.owner.patch(&path, json!({"active": false})).await.expect(200);
        assert_eq!(sent_at(world, 60 * DAY + 60).await, 1);
    });
}

async fn extend(world: &World, organization: &Organization, key: &Value, days: i64) {
    let path = organization.key_path(key);
    world.person("alice").patch(&path, json!({"expires_in_days": days})).await.expect(200);
}

/// Runs at a time, and counts what that run sent.
async fn sent_at(world: &World, seconds: i64) -> u64 {
    world.travel(seconds);
    world.notify().await["sent"].as_u64().unwrap()
}

#[test]
fn a_delayed_mail_leaves_out_keys_that_another_mail_announced_at_a_narrower_stage() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for (name, days) in [("alpha", 90), ("omega", 110)] {
            let machine = organization.machine(name).await;
            organization.key(&machine, days).await;
        }
        world.travel(81 * DAY);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        world.stack.faults().clear();
        // The mail's lease is not over, or its back-off is not, when the next stage comes.
        world.travel(83 * DAY + 60);
        world.notify().await;
        world.end_leases();
        world.travel(83 * DAY + 3_600);
        world.notify().await;
        let texts: Vec<_> = world.stack.emails().into_iter().map(|mail| mail.text).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(texts[0].contains("alpha") && !texts[0].contains("omega"), "{texts:?}");
        assert!(texts[1].contains("omega") && !texts[1].contains("alpha"), "{texts:?}");
    });
}

#[test]
fn a_delayed_mail_claims_the_stage_that_came_meanwhile_though_its_key_could_not_be_read_as_due() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(81 * DAY);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        world.end_leases();
        world.travel(83 * DAY + 60);
        // All attempts at the first read, which is that of the due keys.
        let down = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        world.stack.faults().add(down.function("notify-expiring-keys").when(When::First(4)));
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(0), &json!(2)), "{summary}");
        world.stack.faults().clear();
        for (hours, sent) in [(1, 1), (2, 0), (3, 0)] {
            world.end_leases();
            world.travel(83 * DAY + hours * 3_600);
            assert_eq!(world.notify().await["sent"], sent, "{hours}");
        }
        let subjects: Vec<_> = world.stack.emails().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Access key \"key\" expires in 7 days"]);
    });
}

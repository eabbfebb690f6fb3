use kit::{DAY, Effect, Fault, Options, Service, When, World, run, run_with};
use local::Quota;
use serde_json::json;

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
fn a_run_that_dies_between_sending_and_marking_mails_again_at_most_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::Ses, Effect::KillAfter).operation("SendRawEmail");
        world.stack.faults().add(fault.when(When::First(1)));
        assert!(world.try_notify().await.is_err());
        assert_eq!(world.stack.emails().len(), 1);
        world.stack.faults().clear();
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1, "the lease has not ended");
        for hours in 1..5 {
            world.end_leases();
            world.travel(60 * DAY + hours * 3_600);
            world.notify().await;
        }
        assert_eq!(world.stack.emails().len(), 2);
    });
}

#[test]
fn a_mail_that_may_not_have_gone_out_is_sent_when_the_lease_ends() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
        world.stack.faults().clear();
        world.end_leases();
        world.travel(60 * DAY + 3_600);
        world.notify().await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
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
fn a_run_that_dies_anywhere_loses_no_notice_and_doubles_at_most_one() {
    let mut calls = 0;
    run(async |world| {
        one_key_is_due(world).await;
        world.stack.calls().clear();
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        calls = world.stack.calls().by_function("notify-expiring-keys").len();
    });
    assert!(calls > 5, "{calls}");
    for call in 1..=calls {
        for effect in [Effect::KillBefore, Effect::KillAfter] {
            run(async |world| {
                one_key_is_due(world).await;
                let fault = Fault::anywhere(effect.clone()).function("notify-expiring-keys");
                world.stack.faults().add(fault.when(When::Nth(call.try_into().unwrap())));
                let died = world.try_notify().await.is_err();
                assert_eq!(world.stack.faults().struck(), 1, "{effect:?} at call {call}");
                assert!(died, "{effect:?} at call {call}");
                world.stack.faults().clear();
                for hours in 1..3 {
                    world.end_leases();
                    world.travel(60 * DAY + hours * 3_600);
                    world.notify().await;
                }
                let mails = world.stack.emails().len();
                assert!(mails == 1 || mails == 2, "{effect:?} at call {call}: {mails}");
            });
        }
    }
}

/// Lets a machine's key be due, and an instance be ready to tell of it.
async fn one_key_is_due(world: &World) {
    let organization = world.organization("alice", "strict").await;
    organization.machine_key().await;
    world.travel(60 * DAY + 60);
    world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
}

#[test]
fn a_failing_address_starves_nobody_and_is_told_once_all_is_well() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        world.stack.set_quota(Quota { max_send_rate: 1_000.0, ..Quota::default() });
        let names: Vec<_> = (0..30).map(|number| format!("owner{number}")).collect();
        for name in &names {
            organization.invite_as(name, "owner").await;
            let address = format!("{name}@example.com");
            world.stack.faults().add(Fault::on(Service::Ses, Effect::RejectMessage).recipient(&address));
        }
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(1), &json!(30)), "{summary}");
        assert_eq!(world.stack.faults().struck(), 30);

        world.end_leases();
        world.travel(83 * DAY + 60);
        world.stack.calls().clear();
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(1), &json!(30)), "{summary}");
        let calls = world.stack.calls().all();
        let first = calls.iter().find(|call| call.operation == "SendRawEmail").unwrap();
        let first = String::from_utf8_lossy(&first.request);
        assert!(first.contains("alice%40example.com"), "those who failed come last");

        world.stack.faults().clear();
        world.end_leases();
        world.travel(83 * DAY + 60 + 300);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 2, "they wait longer each time");
        world.travel(83 * DAY + 60 + 600);
        world.notify().await;
        let mails = world.stack.emails();
        assert_eq!(mails.len(), 32, "one mail for each, of both stages");
        assert!(mails.iter().all(|mail| mail.text.matches("ak_").count() == 1));
    });
}

#[test]
fn an_owner_who_cannot_be_read_is_told_when_that_is_mended() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite_as("bob", "owner").await;
        organization.machine_key().await;
        set_status(world, "bob", "damaged");
        world.travel(60 * DAY + 60);
        for _ in 0..2 {
            assert_eq!(world.notify().await["failed"], 1);
            assert_eq!(recipients(world), ["alice@example.com"]);
        }
        set_status(world, "bob", "active");
        assert_eq!(world.notify().await["failed"], 0);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com", "bob@example.com"]);
    });
}

#[test]
fn a_mail_outlives_what_keeps_it_from_being_read() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        world.stack.faults().clear();

        set_status(world, "alice", "damaged");
        later(world, 1).await;
        set_status(world, "alice", "active");
        let unprocessed = Fault::on(Service::DynamoDb, Effect::Unprocessed { count: 100 });
        world.stack.faults().add(unprocessed.operation("BatchGetItem"));
        later(world, 2).await;
        assert!(world.stack.faults().struck() > 0);
        world.stack.faults().clear();

        world.end_leases();
        world.travel(60 * DAY + 3 * 3_600);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com"]);
    });
}

#[test]
fn a_mail_that_cannot_be_read_does_not_hold_back_what_is_new() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for (name, days) in [("alpha", 90), ("omega", 91)] {
            let machine = organization.machine(name).await;
            organization.key(&machine, days).await;
        }
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        world.stack.faults().clear();
        world.end_leases();
        set_status(world, "alpha", "damaged");
        world.travel(61 * DAY + 60);
        world.notify().await;
        set_status(world, "alpha", "active");
        world.end_leases();
        world.travel(61 * DAY + 3_600);
        world.notify().await;
        let texts: Vec<_> = world.stack.emails().into_iter().map(|mail| mail.text).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(texts[0].contains("omega") && !texts[0].contains("alpha"), "{texts:?}");
        assert!(texts[1].contains("alpha") && !texts[1].contains("omega"), "{texts:?}");
    });
}

/// Runs some hours later, and expects that the mail waits on.
async fn later(world: &World, hours: i64) {
    world.end_leases();
    world.travel(60 * DAY + hours * 3_600);
    assert_eq!(world.notify().await["failed"], 1);
    assert_eq!(world.items_of("MAIL#")[0]["status"], "leased");
}

#[test]
fn a_part_of_the_index_that_cannot_be_read_does_not_keep_the_others_from_being_told() {
    let parameters = [("DueShards".to_owned(), "2".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        for owner in ["ann", "bob", "cem"] {
            world.organization(owner, "strict").await.machine_key().await;
        }
        world.travel(60 * DAY + 60);
        // All of the client's attempts at the first part.
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("Query");
        world.stack.faults().add(fault.when(When::First(4)));
        let summary = world.notify().await;
        assert_eq!(summary["failed"], 1, "{summary}");
        assert_eq!(world.stack.faults().struck(), 4);
        world.notify().await;
        assert_eq!(recipients(world), ["ann@example.com", "bob@example.com", "cem@example.com"]);
    });
}

#[test]
fn keys_of_a_suspended_user_are_not_announced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        let suspended = json!({"status": "suspended"});
        organization.owner.patch(&organization.user_path(&machine), suspended).await.expect(200);
        world.travel(60 * DAY + 60);
        let summary = world.notify().await;
        assert_eq!((&summary["skipped"], &summary["sent"]), (&json!(1), &json!(0)), "{summary}");
    });
}

/// Lists who got mails, in order of address.
fn recipients(world: &World) -> Vec<String> {
    let mut all: Vec<_> = world.stack.emails().into_iter().flat_map(|mail| mail.to).collect();
    all.sort();
    all
}

/// Writes the stored status of the user of this name, as no function would.
fn set_status(world: &World, name: &str, status: &str) {
    let users = world.items_of("USER");
    let user = users.iter().find(|user| user["name"] == name).unwrap();
    let update = json!({
        "TableName": "access-keys", "Key": {"PK": {"S": user["PK"]}, "SK": {"S": user["SK"]}},
        "UpdateExpression": "SET #status = :status", "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":status": {"S": status}},
    });
    let database = world.stack.database().unwrap();
    database.update_item(serde_json::from_value(update).unwrap()).unwrap();
}

#[test]
fn overlapping_runs_tell_each_notice_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for _ in 0..5 {
            organization.machine_key().await;
        }
        world.travel(60 * DAY + 60);
        let runs = futures_util::future::join_all((0..3).map(|_| world.try_notify())).await;
        assert!(runs.iter().all(Result::is_ok));
        let told: usize = world.stack.emails().iter().map(|mail| mail.text.matches("ak_").count()).sum();
        assert_eq!(told, 5);
    });
}

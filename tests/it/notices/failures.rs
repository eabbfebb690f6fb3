//! Runs of the notice function while SES or the table fail.

use kit::{Call, DAY, Effect, Fault, Options, Service, When, World, run, run_with};
use local::Quota;
use serde_json::json;

use super::recipients;

#[test]
fn a_failing_address_delays_nobody_else_and_gets_its_mail_after_the_repair() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        world.stack.set_quota(Quota { max_send_rate: 1_000.0, ..Quota::default() });
        let names: Vec<_> = (0..30).map(|number| format!("owner{number}")).collect();
        for name in &names {
            organization.join_as(world, name, "owner").await;
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
        let offers = calls.iter().filter(|call| call.operation == "SendRawEmail");
        let to_alice = |call: &Call| String::from_utf8_lossy(&call.request).contains("alice%40example.com");
        // So many recipients are told at once.
        assert!(offers.take(16).any(to_alice), "those who failed come last");

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
fn a_throttled_mail_is_sent_again_by_the_same_run() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::Ses, Effect::Throttle).operation("SendRawEmail");
        world.stack.faults().add(fault.when(When::First(2)));
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(1), &json!(0)), "{summary}");
        assert_eq!((world.stack.faults().struck(), recipients(world).len()), (2, 1));
    });
}

#[test]
fn a_mail_that_is_throttled_four_times_is_left_to_a_later_run() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::Throttle).operation("SendRawEmail"));
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(0), &json!(1)), "{summary}");
        assert_eq!(world.stack.faults().struck(), 4);
        world.stack.faults().clear();
        world.end_leases();
        world.travel(60 * DAY + 6 * 3_600);
        assert_eq!(world.notify().await["sent"], 1);
    });
}

#[test]
fn an_owner_who_cannot_be_read_gets_the_mail_after_the_repair() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "bob", "owner").await;
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
fn a_mail_survives_runs_that_cannot_read_it() {
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
fn a_mail_that_cannot_be_read_does_not_delay_new_mails() {
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
fn a_part_of_the_index_that_cannot_be_read_does_not_delay_the_other_parts() {
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

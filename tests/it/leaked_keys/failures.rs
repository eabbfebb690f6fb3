//! Reports while AWS services fail.

use kit::{Effect, Fault, Options, Service, When, World, run, run_with};
use serde_json::{Value, json};

use super::{leaks_told_to, report, send, status};
use crate::tokens::{token, with_another_secret};

#[test]
fn a_report_takes_effect_once_despite_lost_replies_and_races() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let faults = [
            (Effect::LoseReply, When::First(2)),
            (Effect::TransactionConflict { position: 1 }, When::First(3)),
            (Effect::Throttle, When::First(1)),
        ];
        for (effect, when) in faults {
            let key = organization.machine_key().await;
            let fault = Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems");
            world.stack.faults().add(fault.function("report-leaked-key").when(when));
            report(world, &[token(&key)]).await;
            assert!(world.stack.faults().struck() > 0);
            world.stack.faults().clear();
            assert_eq!(revocations(world, &key), 1);
        }
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        let renaming = async |name: &str| organization.owner.patch(&path, json!({"name": name})).await;
        let one = [token(&key)];
        let racing = async || report(world, &one).await;
        tokio::join!(racing(), renaming("a"), racing(), renaming("b"), racing(), racing());
        assert_eq!(status(&organization, &key).await, "revoked");
        assert_eq!(revocations(world, &key), 1);
        world.notify().await;
        let told = leaks_told_to(&organization.owner, &organization).await;
        assert_eq!(told.iter().filter(|message| message["key_id"] == key["key_id"]).count(), 1);
    });
}

fn revocations(world: &World, key: &Value) -> usize {
    let events = world.audit("access_key.revoked");
    events.iter().filter(|event| event["target"]["id"] == key["key_id"]).count()
}

#[test]
fn a_token_that_cannot_be_checked_does_not_keep_others_from_being_revoked() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = [organization.machine_key().await, organization.machine_key().await];
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        // One read is tried four times: that of both users, and then that of the first user.
        world.stack.faults().add(fault.function("report-leaked-key").when(When::First(8)));
        let answer = send(world, json!({"tokens": [token(&keys[0]), token(&keys[1])]})).await;
        answer.expect_problem(503, "unavailable");
        world.stack.faults().clear();
        let mut statuses = Vec::new();
        for key in &keys {
            statuses.push(status(&organization, key).await);
        }
        statuses.sort_by_key(Value::to_string);
        assert_eq!(statuses, ["active", "revoked"]);
    });
}

#[test]
fn a_damaged_item_fails_the_report_and_keeps_no_other_key_from_being_revoked() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut keys = Vec::new();
        for _ in 0..3 {
            keys.push(organization.machine_key().await);
        }
        let damaged = json!({"BOOL": true});
        for (key, sk) in [(&keys[0], None), (&keys[1], Some("USER"))] {
            let key_id = key["key_id"].as_str().unwrap();
            let (pk, of_key) = (format!("USER#{}", &key_id[..12]), format!("KEY#{}", &key_id[12..]));
            world.update((&pk, sk.unwrap_or(&of_key)), "SET #attribute = :value", "name", &damaged);
            let tokens = json!({"tokens": [token(key), token(&keys[2])]});
            assert!(send(world, tokens).await.status >= 500, "{sk:?}");
            assert_eq!((revocations(world, key), revocations(world, &keys[2])), (0, 1), "{sk:?}");
        }
    });
}

#[test]
fn a_report_that_fails_says_so_and_can_be_repeated() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = [organization.machine_key().await, organization.machine_key().await];
        let both = json!({"tokens": [token(&keys[0]), token(&keys[1])]});
        for operation in ["BatchGetItem", "TransactWriteItems"] {
            let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation(operation);
            world.stack.faults().add(fault.function("report-leaked-key"));
            let answer = send(world, both.clone()).await;
            assert_eq!(answer.header("retry-after"), "1");
            answer.expect_problem(503, "unavailable");
            world.stack.faults().clear();
            assert_eq!(world.audit("access_key.revoked").len(), 0, "{operation}");
        }
        // One that was killed after the first revocation goes on from there.
        let fault = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
        world.stack.faults().add(fault.function("report-leaked-key").when(When::First(1)));
        send(world, both.clone()).await.expect(500);
        send(world, both).await.expect(202);
        for key in &keys {
            assert_eq!(revocations(world, key), 1);
        }
    });
}

#[test]
fn a_wrong_secret_runs_no_argon2_and_a_revoked_key_neither() {
    let parameters = [("LogLevel".to_owned(), "debug".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let runs = || {
            let lines = world.stack.logs().by_function("report-leaked-key");
            lines.iter().filter(|line| line.contains("\"argon2_runs\":1")).count()
        };
        report(world, &[&with_another_secret(&key), &with_another_secret(&key)]).await;
        assert_eq!(runs(), 0);
        report(world, &[token(&key), token(&key)]).await;
        assert_eq!(runs(), 1);
    });
}

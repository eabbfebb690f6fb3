//! Introspection while AWS services fail.

use kit::{Effect, Fault, Options, Service, run, run_with};
use serde_json::json;

use super::{answered, inactive, introspect, rotate};
use crate::tokens::{token, with_another_secret};

#[test]
fn a_failed_read_is_an_error_and_never_an_answer() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        for (operation, effect) in [
            ("BatchGetItem", Effect::ServerError),
            ("BatchGetItem", Effect::Unprocessed { count: 2 }),
            ("Query", Effect::Throttle),
        ] {
            let fault =
                Fault::on(Service::DynamoDb, effect).operation(operation).function("introspect-token");
            world.stack.faults().add(fault);
            let answer = introspect(world, token(&key)).await;
            assert_eq!(answer.header("retry-after"), "1");
            answer.expect_problem(503, "unavailable");
            assert!(world.stack.faults().struck() > 0);
            world.stack.faults().clear();
        }
        assert_eq!(answered(world, token(&key)).await["active"], true);
        let lines = world.stack.logs().by_function("introspect-token");
        let cause = "BatchGetItem left a part of the batch unprocessed in all attempts";
        let of_key = format!(r#""key_id":{}"#, key["key_id"]);
        let told = lines.iter().filter(|line| line.contains(cause) && line.contains(&of_key));
        assert_eq!(told.count(), 1, "{lines:?}");
    });
}

#[test]
fn a_lost_pepper_is_an_error_and_never_an_answer() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let id = &world.stack.environment()["PEPPER_SECRET_ID"];
        let kept = world.stack.secret(id).unwrap();
        let lost = json!({"current": "2", "2": "fedcba9876543210fedcba9876543210"});
        assert!(world.stack.put_secret(id, &lost.to_string()));
        for _ in 0..2 {
            introspect(world, token(&key)).await.expect_problem(500, "internal");
        }
        assert!(world.stack.put_secret(id, &kept));
    });
}

#[test]
fn a_wrong_secret_runs_no_argon2_and_a_right_one_runs_it_once_an_instance() {
    let parameters = [("LogLevel".to_owned(), "debug".to_owned())].into();
    run_with(Options { parameters, instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        let second = rotate(&organization, &first, 0).await;
        let runs = || {
            let lines = world.stack.logs().by_function("introspect-token");
            lines.iter().filter(|line| line.contains("\"argon2_runs\":1")).count()
        };
        assert_eq!(answered(world, &with_another_secret(&first)).await, json!({"active": false}));
        assert_eq!(answered(world, token(&first)).await, inactive("retired"));
        assert_eq!(runs(), 0);
        for _ in 0..3 {
            assert_eq!(answered(world, token(&second)).await["active"], true);
        }
        assert_eq!(runs(), 1);
    });
}

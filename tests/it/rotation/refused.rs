//! Rotations that are refused, and those that are reported as failed.

use kit::{World, run};
use local::{Effect, Fault, Service};
use serde_json::{Value, json};

use super::{SECRET, check_logs, consumer, consumer_with, document, put, token, works};
use crate::watch::{datapoints, values};

#[test]
fn a_key_with_few_days_left_rotates_and_is_reported_as_failed() {
    run(async |world| {
        consumer(world, 13).await;
        let before = token(world, "AWSCURRENT");
        let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
        let said = "finishSecret: the key has 13 days left, and rotating does not move its expiry: extend it, or put a new \
                    key into the secret";
        assert_eq!(error, said);
        assert_ne!(token(world, "AWSCURRENT"), before);
        assert!(works(world, "AWSCURRENT").await);
        let points = datapoints(&world.stack);
        assert_eq!(values(&points, "days_left", &[]), [13.0]);
        assert_eq!(values(&points, "Failures", &[]), [1.0]);
    });
}

#[test]
fn the_first_day_that_is_not_reported_is_the_fourteenth() {
    run(async |world| {
        consumer(world, 14).await;
        world.stack.rotate_secret(SECRET).await.unwrap();
    });
}

#[test]
fn a_shorter_overlap_of_the_policy_is_taken_with_a_warning_and_one_of_under_ten_minutes_is_refused() {
    run(async |world| {
        let (organization, _) = consumer_with(world, "flexible", 90).await;
        let limit = async |seconds: i64| {
            let policy = json!({"policy": {"rotation": {"max_overlap_seconds": seconds}}});
            organization.owner.patch(&organization.path, policy).await.expect(200);
        };
        limit(600).await;
        world.stack.rotate_secret(SECRET).await.unwrap();
        world.travel(300);
        assert!(works(world, "AWSPREVIOUS").await);
        world.travel(700);
        assert!(!works(world, "AWSPREVIOUS").await);
        for short in [0, 1, 599] {
            limit(short).await;
            let before = token(world, "AWSCURRENT");
            let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
            let said = format!("raise rotation.max_overlap_seconds from {short} to 600 or more");
            assert!(error.contains("allows no overlap") && error.contains(&said), "{error}");
            assert_eq!(token(world, "AWSCURRENT"), before);
            assert!(works(world, "AWSCURRENT").await);
        }
        for day in [86_399, 86_400] {
            limit(day).await;
            world.stack.rotate_secret(SECRET).await.unwrap();
        }
        assert_eq!(values(&datapoints(&world.stack), "overlap_seconds", &[]), [600.0, 86_399.0, 86_400.0]);
        let lines = world.stack.logs().by_function("rotate-secret");
        let warned = lines.iter().filter(|line| line.contains(r#""level":"WARN""#));
        assert_eq!(warned.filter(|line| line.contains("works for less than a day")).count(), 2, "{lines:?}");
    });
}

#[test]
fn a_wrong_document_is_refused_without_a_request_to_the_api() {
    run(async |world| {
        let (organization, key) = consumer(world, 90).await;
        for (member, value) in [
            ("token", json!("ak_1")),
            ("api", json!("http://keys.example")),
            ("organization_id", json!("../users")),
            ("api", Value::Null),
        ] {
            let mut wrong = document(world, &organization, &key);
            wrong[member] = value;
            put(world, &wrong);
            let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
            assert_eq!(error, "createSecret: the value of the secret is wrong", "{member}");
        }
        assert_eq!(world.audit("access_key.rotated").len(), 0);
        check_logs(world);
    });
}

#[test]
fn a_revoked_key_is_refused_and_nothing_is_discarded() {
    run(async |world| {
        let (organization, key) = consumer(world, 90).await;
        let revoke = format!("{}/revoke", organization.key_path(&key));
        organization.owner.post(&revoke, json!(null)).await.expect(200);
        let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
        assert_eq!(error, "createSecret: the API of the access keys failed");
        assert_eq!(token(world, "AWSCURRENT").as_deref(), key["secret"]["token"].as_str());
    });
}

#[test]
fn a_step_for_another_version_does_nothing() {
    run(async |world| {
        let (_, key) = consumer(world, 90).await;
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:consumer-local0";
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let event = json!({"Step": step, "SecretId": arn, "ClientRequestToken": "0".repeat(32)});
            let error = world.stack.invoke("rotate-secret", &event).await.unwrap_err();
            assert_eq!(error.error_message, "the version has neither AWSPENDING nor AWSCURRENT", "{step}");
        }
        assert_eq!(token(world, "AWSCURRENT").as_deref(), key["secret"]["token"].as_str());
        // Each step of a rotation that has ended may come once more.
        let version = world.stack.rotate_secret(SECRET).await.unwrap();
        let current = token(world, "AWSCURRENT");
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let event = json!({"Step": step, "SecretId": arn, "ClientRequestToken": version});
            world.stack.invoke("rotate-secret", &event).await.unwrap();
        }
        assert_eq!(token(world, "AWSCURRENT"), current);
    });
}

#[test]
fn the_role_allows_nothing_on_another_secret() {
    run(async |world| {
        let pepper = "arn:aws:secretsmanager:us-east-1:000000000000:secret:Pepper-local0";
        let event = json!({"Step": "createSecret", "SecretId": pepper, "ClientRequestToken": "1".repeat(32)});
        let error = world.stack.invoke("rotate-secret", &event).await.unwrap_err();
        assert_eq!(error.error_message, "Secrets Manager failed");
        let lines = world.stack.logs().lines();
        let denied = lines.iter().map(|line| String::from_utf8_lossy(&line.bytes));
        let denied = denied.filter(|line| line.contains("secretsmanager:DescribeSecret"));
        assert_eq!(denied.filter(|line| line.contains("AccessDenied")).count(), 1);
    });
}

/// Ends a rotation once its new secret is pending.
async fn leave_pending(world: &World) {
    let kill = Fault::on(Service::SecretsManager, Effect::KillAfter).operation("PutSecretValue");
    world.stack.faults().add(kill.function("rotate-secret"));
    world.stack.rotate_secret(SECRET).await.unwrap_err();
    world.stack.faults().clear();
    assert!(works(world, "AWSPENDING").await);
}

#[test]
fn a_pending_value_is_kept_while_the_current_one_does_not_work_either() {
    run(async |world| {
        let (organization, key) = consumer(world, 90).await;
        leave_pending(world).await;
        let pending = token(world, "AWSPENDING");
        let active = async |active: bool| {
            let path = organization.key_path(&key);
            organization.owner.patch(&path, json!({"active": active})).await.expect(200);
        };
        active(false).await;
        let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
        assert_eq!(error, "createSecret: the API of the access keys failed");
        assert_eq!(token(world, "AWSPENDING"), pending);
        active(true).await;
        world.stack.rotate_secret(SECRET).await.unwrap();
        assert_eq!(token(world, "AWSCURRENT"), pending);
    });
}

#[test]
fn a_pending_value_of_another_key_than_the_current_one_does_not_pass_the_test() {
    run(async |world| {
        let (organization, _) = consumer(world, 90).await;
        leave_pending(world).await;
        // Somebody puts another key into the secret meanwhile.
        let other = organization.machine("other").await;
        let other = organization.key(&other, 90).await;
        put(world, &document(world, &organization, &other));
        let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
        assert_eq!(error, "createSecret: the pending value does not work and was discarded; rotate again");
        world.stack.rotate_secret(SECRET).await.unwrap();
        assert!(works(world, "AWSCURRENT").await);
        // The step alone.
        leave_pending(world).await;
        let calls = world.stack.calls().by_function("rotate-secret");
        let put_call = calls.iter().rev().find(|call| call.operation == "PutSecretValue").unwrap();
        let request: Value = serde_json::from_slice(&put_call.request).unwrap();
        let third = organization.machine("third").await;
        let third = organization.key(&third, 90).await;
        put(world, &document(world, &organization, &third));
        let event = json!({"Step": "testSecret", "SecretId": request["SecretId"],
            "ClientRequestToken": request["ClientRequestToken"]});
        let error = world.stack.invoke("rotate-secret", &event).await.unwrap_err();
        assert_eq!(error.error_message, "the pending value is that of another key than the current one");
        assert_eq!(token(world, "AWSCURRENT").as_deref(), third["secret"]["token"].as_str());
    });
}

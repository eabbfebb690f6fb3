//! Rotations that end anywhere, and answers that get lost.
//!
//! At each instant the secret of `AWSCURRENT` or that of `AWSPENDING` works, and a rotation that is taken up again ends.

use kit::{World, run};
use local::{Effect, Fault, Service, When};

use super::{SECRET, check_logs, consumer, token, works};

/// Rotates under a fault, then again without it.
async fn check(world: &World, fault: Fault, name: &str) -> Result<String, String> {
    let before = token(world, "AWSCURRENT").unwrap();
    world.stack.faults().add(fault);
    let done = world.stack.rotate_secret(SECRET).await;
    assert!(world.stack.faults().struck() > 0, "{name}");
    world.stack.faults().clear();
    world.stack.calls().until_none_is_at_work().await;
    assert!(works(world, "AWSCURRENT").await || works(world, "AWSPENDING").await, "{name}");
    // Nothing that a client could have read is refused.
    assert!(works(world, "AWSCURRENT").await, "{name}");
    if done.is_err() {
        let again = world.stack.rotate_secret(SECRET).await;
        assert!(again.is_ok(), "{name}: {again:?}");
    }
    assert!(works(world, "AWSCURRENT").await, "{name}");
    assert_ne!(token(world, "AWSCURRENT").unwrap(), before, "{name}");
    done
}

/// Counts the calls to Secrets Manager of a rotation without faults.
async fn calls_of_a_rotation(world: &World) -> u64 {
    world.stack.calls().clear();
    world.stack.rotate_secret(SECRET).await.unwrap();
    u64::try_from(world.stack.calls().by_function("rotate-secret").len()).unwrap()
}

#[test]
fn a_rotation_that_is_killed_at_any_call_is_taken_up_again() {
    run(async |world| {
        consumer(world, 90).await;
        let calls = calls_of_a_rotation(world).await;
        assert!(calls > 8, "{calls}");
        for nth in 1..=calls {
            for effect in [Effect::KillBefore, Effect::KillAfter] {
                let name = format!("{effect:?} at call {nth}");
                let fault = Fault::on(Service::SecretsManager, effect).function("rotate-secret");
                let done = check(world, fault.when(When::Nth(nth)), &name).await;
                assert!(done.is_err(), "{name}");
            }
        }
        check_logs(world);
    });
}

/// Kills the function while it waits for an answer of the API, at a call that the API makes. The request is carried out.
async fn kill_while_the_api_works(world: &World, call: (&str, &str, u64), name: &str) {
    let before = token(world, "AWSCURRENT").unwrap();
    let kill = async {
        let calls = world.stack.calls().by_function("rotate-secret");
        world.stack.kill("rotate-secret", calls.last().unwrap().instance.unwrap()).await;
    };
    let (done, ()) = world.while_held(call, world.stack.rotate_secret(SECRET), kill).await;
    assert!(done.is_err(), "{name}");
    world.stack.calls().until_none_is_at_work().await;
    assert!(works(world, "AWSCURRENT").await, "{name}");
    let again = world.stack.rotate_secret(SECRET).await;
    assert!(again.is_ok(), "{name}: {again:?}");
    assert!(works(world, "AWSCURRENT").await, "{name}");
    assert_ne!(token(world, "AWSCURRENT").unwrap(), before, "{name}");
}

/// The n-th request of a rotation to the API.
const fn request(nth: u64) -> (&'static str, &'static str, u64) {
    ("authorize-request", "BatchGetItem", nth)
}

#[test]
fn a_rotation_that_is_killed_between_two_calls_of_secrets_manager_is_taken_up_again() {
    run(async |world| {
        consumer(world, 90).await;
        let rotates = ("rotate-access-key", "TransactWriteItems", 1);
        kill_while_the_api_works(world, rotates, "the rotation of the key").await;
        kill_while_the_api_works(world, request(2), "the test of the pending secret").await;
        kill_while_the_api_works(world, request(3), "the last step").await;
        // The pending secret of an earlier attempt is asked for first.
        let kill = Fault::on(Service::SecretsManager, Effect::KillAfter).operation("PutSecretValue");
        world.stack.faults().add(kill.function("rotate-secret"));
        world.stack.rotate_secret(SECRET).await.unwrap_err();
        world.stack.faults().clear();
        kill_while_the_api_works(world, request(1), "the pending secret of an earlier attempt").await;
        check_logs(world);
    });
}

#[test]
fn a_lost_reply_or_a_throttle_of_secrets_manager_does_not_stop_a_rotation() {
    run(async |world| {
        consumer(world, 90).await;
        let calls = calls_of_a_rotation(world).await;
        for nth in 1..=calls {
            for effect in [Effect::LoseReply, Effect::Throttle, Effect::ServerError] {
                let name = format!("{effect:?} at call {nth}");
                let fault = Fault::on(Service::SecretsManager, effect).function("rotate-secret");
                check(world, fault.when(When::Nth(nth)), &name)
                    .await
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    });
}

#[test]
fn a_rotation_whose_answer_is_lost_is_mended_with_the_replaced_secret() {
    run(async |world| {
        consumer(world, 90).await;
        let lost = || {
            let kill = Fault::on(Service::DynamoDb, Effect::KillAfter).function("rotate-access-key");
            kill.operation("TransactWriteItems")
        };
        // The next attempt of the same step mends it.
        check(world, lost().when(When::First(1)), "once").await.unwrap();
        assert_eq!(world.audit("access_key.rotated").len(), 2);
        // All attempts are lost, and the next rotation mends it.
        let error = check(world, lost(), "always").await.unwrap_err();
        assert_eq!(error, "createSecret: the API of the access keys failed");
        assert_eq!(world.audit("access_key.rotated").len(), 2 + 3 + 1);
        check_logs(world);
    });
}

#[test]
fn a_busy_api_is_asked_again() {
    run(async |world| {
        let (organization, _) = consumer(world, 90).await;
        let route = "POST /v1/organizations/{organization_id}/access-keys/{key_id}/rotate";
        assert!(organization.path.starts_with("/v1/organizations/"));
        for fault in [
            Fault::throttled_route(route).when(When::First(2)),
            Fault::throttled_route("GET /v1/whoami").when(When::First(1)),
            Fault::no_instance("rotate-access-key").when(When::First(2)),
        ] {
            let name = format!("{fault:?}");
            check(world, fault, &name).await.unwrap();
        }
        let error = check(world, Fault::throttled_route(route), "always").await.unwrap_err();
        assert_eq!(error, "createSecret: the API of the access keys failed");
    });
}

#[test]
fn a_pending_value_that_was_replaced_gives_way_to_a_new_version() {
    run(async |world| {
        let (organization, _) = consumer(world, 90).await;
        // The pending version has a value, and the step after it never comes.
        let kill = Fault::on(Service::SecretsManager, Effect::KillAfter).operation("PutSecretValue");
        world.stack.faults().add(kill.function("rotate-secret"));
        world.stack.rotate_secret(SECRET).await.unwrap_err();
        world.stack.faults().clear();
        assert!(works(world, "AWSPENDING").await);
        // Another rotation with the replaced secret, as of an event that came twice.
        let replaced = world.key(&token(world, "AWSCURRENT").unwrap());
        let path = format!("{}/access-keys/current/rotate", organization.path);
        replaced.post(&path, serde_json::json!({"overlap_seconds": 600})).await.expect(200);
        assert!(!works(world, "AWSPENDING").await && works(world, "AWSCURRENT").await);
        let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
        assert_eq!(error, "createSecret: the pending value does not work and was discarded; rotate again");
        world.stack.rotate_secret(SECRET).await.unwrap();
        assert!(works(world, "AWSCURRENT").await);
    });
}

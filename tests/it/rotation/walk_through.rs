//! What a consumer does: its secret rotates while its clients go on.

use std::sync::atomic::{AtomicBool, Ordering};

use kit::{DAY, World, run};
use local::Service;
use serde_json::Value;

use super::{SECRET, check_logs, consumer, token, works};
use crate::watch::{datapoints, values};

/// Asks who it is until the rotation ends, with the current secret and with the one that was read before. Counts its calls.
async fn poll(world: &World, is_over: &AtomicBool) -> usize {
    let before = token(world, "AWSCURRENT").unwrap();
    let mut calls = 0;
    loop {
        // The last round comes after the end.
        let is_last = is_over.load(Ordering::Relaxed);
        for token in [&token(world, "AWSCURRENT").unwrap(), &before] {
            world.key(token).get("/v1/whoami").await.expect(200);
            calls += 1;
        }
        if is_last {
            return calls;
        }
    }
}

#[test]
fn a_secret_rotates_twice_while_a_client_polls_without_a_refusal() {
    run(async |world| {
        let (_, key) = consumer(world, 90).await;
        let mut seen = vec![token(world, "AWSCURRENT").unwrap()];
        for round in 1..=2 {
            let is_over = AtomicBool::new(false);
            let rotate = async {
                let version = world.stack.rotate_secret(SECRET).await.unwrap();
                is_over.store(true, Ordering::Relaxed);
                version
            };
            let (_, calls) = tokio::join!(rotate, poll(world, &is_over));
            assert!(calls >= 4, "{calls}");
            let current = token(world, "AWSCURRENT").unwrap();
            assert!(!seen.contains(&current));
            assert_eq!(token(world, "AWSPREVIOUS").as_ref(), seen.last());
            assert_eq!(world.key(&current).get("/v1/whoami").await.expect(200)["key_id"], key["key_id"]);
            seen.push(current);
            assert_eq!(world.audit("access_key.rotated").len(), round);
        }
        // The second rotation has ended the overlap of the first.
        world.key(&seen[0]).get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(values(&datapoints(&world.stack), "days_left", &[]), [90.0, 90.0]);
        check_logs(world);
    });
}

#[test]
fn the_replaced_secret_works_for_seven_days() {
    run(async |world| {
        consumer(world, 90).await;
        world.stack.rotate_secret(SECRET).await.unwrap();
        world.travel(7 * DAY - 600);
        assert!(works(world, "AWSPREVIOUS").await);
        world.travel(7 * DAY + 60);
        assert!(!works(world, "AWSPREVIOUS").await);
        assert!(works(world, "AWSCURRENT").await);
    });
}

#[test]
fn a_rotation_sends_no_idempotency_key_and_keeps_other_members() {
    run(async |world| {
        let (organization, key) = consumer(world, 90).await;
        let mut document = super::document(world, &organization, &key);
        document["note"] = "kept".into();
        super::put(world, &document);
        world.stack.rotate_secret(SECRET).await.unwrap();
        assert_eq!(world.items_of("IDEMPOTENCY#").len(), 0);
        let current = world.stack.staged_secret(SECRET, "AWSCURRENT").unwrap();
        let current: Value = serde_json::from_str(&current).unwrap();
        assert_eq!((&current["note"], &current["api"]), (&"kept".into(), &document["api"]));
        let calls = world.stack.calls().by_function("rotate-secret");
        assert!(calls.iter().all(|call| call.service == Service::SecretsManager) && calls.len() > 8);
    });
}

//! Rotations of the pepper with crashes, lost replies, throttles and other runs at the same time.

use kit::{Effect, Fault, Service, When, run};
use serde_json::{Value, json};

use super::{FUNCTION, SCHEDULED, document, rotate, secret_id, versions};

fn fault(effect: Effect) -> Fault {
    Fault::on(Service::SecretsManager, effect).function(FUNCTION)
}

#[test]
fn a_run_that_dies_at_any_call_and_is_repeated_rotates_once() {
    // Read, list, read what was before, write.
    for call in 1..=4 {
        for effect in [Effect::KillBefore, Effect::KillAfter] {
            run(async |world| {
                rotate(world, json!({})).await;
                world.stack.faults().add(fault(effect.clone()).when(When::Nth(call)));
                let event = json!({"time": "2099-01-01T12:00:00Z"});
                let earlier = json!({"time": SCHEDULED});
                // The first write is ours, so an earlier event would change nothing.
                assert!(world.stack.invoke(FUNCTION, &event).await.is_err(), "{effect:?} at {call}");
                assert_eq!(world.stack.faults().struck(), 1);
                world.stack.faults().clear();
                let written = call == 4 && effect == Effect::KillAfter;
                let repeat = if written { &earlier } else { &event };
                let summary = rotate(world, repeat.clone()).await;
                assert_eq!(summary["outcome"], if written { "unchanged" } else { "rotated" });
                let after = document(world);
                let expected = (json!("2"), vec!["1", "2", "3"]);
                assert_eq!((after["current"].clone(), versions(&after)), expected, "{effect:?} at {call}");
            });
        }
    }
}

#[test]
fn a_repeated_event_changes_nothing() {
    run(async |world| {
        let event = json!({"time": SCHEDULED});
        // The pepper is younger than the event, but no run has written it.
        assert_eq!(rotate(world, event.clone()).await["outcome"], "next_added");
        let after = document(world);
        for repeat in [event, json!({"time": SCHEDULED, "leaked": true})] {
            assert_eq!(rotate(world, repeat).await["outcome"], "unchanged");
            assert_eq!(document(world), after);
        }
    });
}

#[test]
fn a_lost_reply_and_a_throttle_are_repeated_by_the_client_and_change_nothing_twice() {
    for operation in ["GetSecretValue", "PutSecretValue"] {
        for effect in [Effect::LoseReply, Effect::Throttle, Effect::ServerError] {
            run(async |world| {
                rotate(world, json!({})).await;
                let fault = fault(effect.clone()).operation(operation).when(When::Nth(1));
                world.stack.faults().add(fault);
                assert_eq!(rotate(world, json!({})).await["outcome"], "rotated", "{operation} {effect:?}");
                assert_eq!(world.stack.faults().struck(), 1);
                let after = document(world);
                assert_eq!((&after["current"], versions(&after)), (&json!("2"), vec!["1", "2", "3"]));
            });
        }
    }
}

/// Holds the write of one run until another run with an event has written.
async fn overtaken(world: &kit::World, held: Value, faster: Value) -> (Value, Value) {
    let second = async {
        let summary = rotate(world, faster).await;
        (summary, document(world))
    };
    let write = (FUNCTION, "PutSecretValue", 1);
    let (first, (second, written)) = world.while_held(write, rotate(world, held), second).await;
    assert_eq!(second["outcome"], "rotated");
    (first, written)
}

#[test]
fn of_two_runs_at_once_one_rotates_and_no_version_is_lost() {
    run(async |world| {
        rotate(world, json!({})).await;
        let (slower, written) = overtaken(world, json!({}), json!({})).await;
        assert_eq!(slower, json!({"outcome": "unchanged", "current": "2", "next": "3"}));
        assert_eq!(document(world), written);
    });
}

#[test]
fn a_leak_that_was_overtaken_by_a_rotation_begins_anew() {
    run(async |world| {
        rotate(world, json!({})).await;
        let (slower, written) = overtaken(world, json!({"leaked": true}), json!({})).await;
        assert_eq!(slower, json!({"outcome": "replaced", "current": "4", "next": "5"}));
        let after = document(world);
        assert_eq!(versions(&after), ["1", "2", "4", "5"]);
        assert_eq!((&after["1"], &after["2"]), (&written["1"], &written["2"]));
    });
}

#[test]
fn a_malformed_pepper_and_a_full_one_are_failures_that_change_nothing() {
    run(async |world| {
        let id = secret_id(world);
        let kept = world.stack.secret(id).unwrap();
        let mut full = json!({"current": "1"});
        for number in 1..900 {
            full[number.to_string()] = json!(format!("{number:064}"));
        }
        let without_current = json!({"1": "fedcba9876543210fedcba9876543210"});
        for (bad, why) in [(full, "the pepper is full"), (without_current, "the stored pepper is unusable")] {
            let bad = bad.to_string();
            assert!(world.stack.put_secret(id, &bad));
            let error = world.stack.invoke(FUNCTION, &json!({})).await.unwrap_err();
            assert!(format!("{error:?}").contains(why), "{error:?}");
            assert_eq!(world.stack.secret(id).unwrap(), bad);
        }
        assert!(world.stack.put_secret(id, &kept));
        let lines = world.stack.logs().by_function(FUNCTION);
        let failures = lines.iter().filter(|line| line.contains("\"Failures\":1"));
        assert_eq!(failures.count(), 2, "{lines:?}");
    });
}

#[test]
fn a_pepper_that_somebody_writes_again_and_again_is_not_rotated() {
    run(async |world| {
        let stored = document(world).to_string();
        for _ in 0..300 {
            assert!(world.stack.put_secret(secret_id(world), &stored));
        }
        // The rotation writes one more.
        assert_eq!(rotate(world, json!({})).await["outcome"], "next_added");
        let left = document(world);
        let error = world.stack.invoke(FUNCTION, &json!({})).await.unwrap_err();
        assert!(error.error_message.contains("more than 300 versions"), "{error:?}");
        assert_eq!(document(world), left);
    });
}

#[test]
fn a_failing_secrets_manager_is_a_failure_that_the_log_names_once() {
    run(async |world| {
        world.stack.faults().add(fault(Effect::Throttle));
        world.stack.invoke(FUNCTION, &json!({})).await.unwrap_err();
        world.stack.faults().clear();
        let lines = world.stack.logs().by_function(FUNCTION);
        let told = lines.iter().filter(|line| line.contains("Secrets Manager does not answer"));
        assert_eq!(told.count(), 1, "{lines:?}");
        assert_eq!(versions(&document(world)), ["1"]);
    });
}

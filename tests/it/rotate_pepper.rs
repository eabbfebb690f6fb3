//! Rotations of the pepper by `rotate-pepper`.

mod faults;
mod leaks;
mod load;
mod set_back;

use kit::{Options, World, run, run_with};
use serde_json::{Value, json};

use crate::tokens::token;

const FUNCTION: &str = "rotate-pepper";

/// Long before the stack started: whatever a run writes, it writes after this.
const SCHEDULED: &str = "2026-01-01T12:00:00Z";

fn secret_id(world: &World) -> &str {
    &world.stack.environment()["PEPPER_SECRET_ID"]
}

fn document(world: &World) -> Value {
    serde_json::from_str(&world.stack.secret(secret_id(world)).unwrap()).unwrap()
}

/// Returns the names of the versions in a document, sorted as texts.
fn versions(document: &Value) -> Vec<&str> {
    document.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "current").collect()
}

/// Runs the function as a person does, and returns what it did.
async fn rotate(world: &World, event: Value) -> Value {
    world.stack.invoke(FUNCTION, &event).await.unwrap()
}

/// Counts the reads of the pepper by a function.
fn reads(world: &World, function: &str) -> usize {
    let calls = world.stack.calls().by_function(function);
    calls.iter().filter(|call| call.operation == "GetSecretValue").count()
}

#[test]
fn the_schedule_adds_a_next_version_once_and_then_makes_it_the_current_one() {
    run(async |world| {
        let first = document(world);
        assert_eq!((&first["current"], versions(&first)), (&json!("1"), vec!["1"]));
        for (outcome, current, next) in
            [("next_added", "1", "2"), ("rotated", "2", "3"), ("rotated", "3", "4")]
        {
            let before = document(world);
            let summary = world.stack.run_schedule(FUNCTION, &json!({})).await.unwrap().unwrap();
            assert_eq!(summary, json!({"outcome": outcome, "current": current, "next": next}));
            let after = document(world);
            assert_eq!((&after["current"], after[next].as_str().map(str::len)), (&json!(current), Some(64)));
            for name in versions(&before) {
                assert_eq!(before[name], after[name], "{name} stays as it was");
            }
            assert_eq!(versions(&after).len(), versions(&before).len() + 1);
        }
    });
}

#[test]
fn a_version_that_was_added_by_hand_is_the_next_one() {
    run(async |world| {
        let mut stored = document(world);
        stored["2"] = json!("fedcba9876543210fedcba9876543210");
        assert!(world.stack.put_secret(secret_id(world), &stored.to_string()));
        let summary = rotate(world, json!({})).await;
        assert_eq!(summary, json!({"outcome": "rotated", "current": "2", "next": "3"}));
        assert_eq!(document(world)["2"], stored["2"]);
    });
}

#[test]
fn warm_instances_check_secrets_of_a_version_that_became_current_without_a_read_or_a_refusal() {
    run_with(Options { instance_cap: 2, ..Options::default() }, async |world| {
        // Instances that started before there was a next version would read it at the first use.
        rotate(world, json!({})).await;
        let organization = world.organization("alice", "strict").await;
        let before = organization.machine_key().await;
        world.stack.warm_up("authorize-request", 2).await.unwrap();
        let (started, old) = (reads(world, "authorize-request"), world.key(token(&before)));

        let asked = async {
            for _ in 0..20 {
                old.get("/v1/whoami").await.expect(200);
            }
        };
        let (summary, ()) = tokio::join!(rotate(world, json!({})), asked);
        assert_eq!(summary["outcome"], "rotated");

        // This function starts now, so the secret is of the version that the authorizer knows as the next one.
        let path = format!("{}/rotate", organization.key_path(&before));
        let after = organization.owner.post(&path, json!({"overlap_seconds": 3600})).await.expect(200);
        assert!(format!("{:?}", world.items()).contains("keyid=Mg"), "no verifier names the new version");
        let new = world.key(token(&after));
        for _ in 0..20 {
            let (old, new) = tokio::join!(old.get("/v1/whoami"), new.get("/v1/whoami"));
            old.expect(200);
            new.expect(200);
        }
        let between = organization.machine_key().await;
        world.key(token(&between)).get("/v1/whoami").await.expect(200);
        assert_eq!(reads(world, "authorize-request"), started, "a warm instance read the pepper again");
    });
}

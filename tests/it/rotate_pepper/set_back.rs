//! A pepper that somebody set back: the whole document to an earlier version, or `current` by hand.

use kit::{World, run};
use serde_json::{Value, json};

use super::{document, rotate, secret_id, versions};
use crate::tokens::token;

/// Calls Secrets Manager as a person does.
async fn secrets_manager(world: &World, operation: &str, mut request: Value) -> Value {
    request["SecretId"] = json!(secret_id(world));
    let url = &world.stack.environment()["AWS_ENDPOINT_URL_SECRETS_MANAGER"];
    let call = reqwest::Client::new().post(url).body(request.to_string());
    let answer = call.header("x-amz-target", format!("secretsmanager.{operation}")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{operation}");
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn version_id(world: &World) -> String {
    let read = secrets_manager(world, "GetSecretValue", json!({})).await;
    read["VersionId"].as_str().unwrap().to_owned()
}

fn put(world: &World, document: &Value) {
    assert!(world.stack.put_secret(secret_id(world), &document.to_string()));
}

/// Moves `AWSCURRENT` to another version.
async fn move_current(world: &World, to: &str) {
    let from = version_id(world).await;
    let moved = json!({"VersionStage": "AWSCURRENT", "MoveToVersionId": to, "RemoveFromVersionId": from});
    secrets_manager(world, "UpdateSecretVersionStage", moved).await;
}

/// Makes a version the current one by hand.
fn set_current(world: &World, name: &str) {
    let mut stored = document(world);
    stored["current"] = json!(name);
    put(world, &stored);
}

/// Returns the values of some versions.
fn values(document: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| document[*name].clone()).collect()
}

#[test]
fn a_document_that_was_rotated_before_rotates_again_only_as_a_new_version_and_under_new_names() {
    run(async |world| {
        rotate(world, json!({})).await;
        let (earlier, kept) = (version_id(world).await, document(world));
        assert_eq!(rotate(world, json!({})).await["outcome"], "rotated");
        move_current(world, &earlier).await;
        for event in [json!({}), json!({"leaked": true})] {
            let error = world.stack.invoke("rotate-pepper", &event).await.unwrap_err();
            assert!(error.error_message.starts_with("the pepper was set back"), "{error:?}");
            assert_eq!((document(world), version_id(world).await), (kept.clone(), earlier.clone()));
        }
        put(world, &kept);
        // 2 was current, and warm instances hold another 3.
        assert_eq!(
            rotate(world, json!({})).await,
            json!({"outcome": "next_added", "current": "1", "next": "4"})
        );
        let after = document(world);
        assert_eq!((versions(&after), &after["2"]), (vec!["1", "2", "4"], &kept["2"]));
        assert_eq!(
            rotate(world, json!({})).await,
            json!({"outcome": "rotated", "current": "4", "next": "5"})
        );
    });
}

#[test]
fn a_name_of_a_version_that_an_earlier_document_lacks_is_not_given_to_another_value() {
    run(async |world| {
        rotate(world, json!({})).await;
        let first = document(world);
        for _ in 0..2 {
            assert_eq!(rotate(world, json!({})).await["outcome"], "rotated");
        }
        let latest = document(world);
        assert_eq!(latest["current"], "3");
        // Twice: the last two values are those without the version that keys name.
        put(world, &first);
        put(world, &first);
        let summary = rotate(world, json!({})).await;
        assert_eq!(summary, json!({"outcome": "next_added", "current": "1", "next": "5"}));
        let lines = world.stack.logs().by_function("rotate-pepper");
        let warned = |line: &&String| line.contains(r#""causes":"3""#);
        assert_eq!(lines.iter().filter(warned).count(), 1, "{lines:?}");

        let mut mended = document(world);
        for name in ["3", "4"] {
            mended[name] = latest[name].clone();
        }
        put(world, &mended);
        let summary = rotate(world, json!({})).await;
        assert_eq!(summary, json!({"outcome": "rotated", "current": "5", "next": "6"}));
        assert_eq!(values(&document(world), &["1", "2", "3", "4"]), values(&latest, &["1", "2", "3", "4"]));
    });
}

#[test]
fn a_leak_after_current_was_set_back_by_hand_removes_no_version_that_a_key_names() {
    run(async |world| {
        let mut stored = document(world);
        (stored["2"], stored["current"]) = (json!("fedcba9876543210fedcba9876543210"), json!("2"));
        put(world, &stored);
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        assert!(format!("{:?}", world.items()).contains("keyid=Mg"));
        world.key(token(&key)).get("/v1/whoami").await.expect(200);

        set_current(world, "1");
        let summary = rotate(world, json!({"leaked": true})).await;
        assert_eq!(summary, json!({"outcome": "replaced", "current": "3", "next": "4"}));
        let after = document(world);
        assert_eq!((versions(&after), &after["2"]), (vec!["1", "2", "3", "4"], &stored["2"]));
        world.forget_organizations().await;
        world.key(token(&key)).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_leak_removes_no_version_that_a_key_names_wherever_the_stage_was_moved() {
    for twice in [false, true] {
        run(async |world| {
            let first = version_id(world).await;
            rotate(world, json!({})).await;
            let ours = version_id(world).await;
            set_current(world, "2");
            let organization = world.organization("alice", "strict").await;
            let key = organization.machine_key().await;
            assert!(format!("{:?}", world.items()).contains("keyid=Mg"));
            if twice {
                move_current(world, &first).await;
            }
            move_current(world, &ours).await;
            assert_eq!(document(world)["current"], "1");

            let summary = rotate(world, json!({"leaked": true})).await;
            assert_eq!(summary, json!({"outcome": "replaced", "current": "3", "next": "4"}));
            world.forget_organizations().await;
            world.key(token(&key)).get("/v1/whoami").await.expect(200);
        });
    }
}

#[test]
fn a_version_that_a_person_named_stays_current_until_a_version_that_was_never_used_is_next() {
    run(async |world| {
        rotate(world, json!({})).await;
        rotate(world, json!({})).await;
        let mut stored = document(world);
        (stored["own"], stored["current"]) = (json!("fedcba9876543210fedcba9876543210"), json!("own"));
        let whole = stored.clone();
        for name in ["1", "2", "3"] {
            stored.as_object_mut().unwrap().remove(name);
        }
        for (written, names) in [(stored, vec!["4", "own"]), (whole, vec!["1", "2", "3", "5", "own"])] {
            put(world, &written);
            let summary = rotate(world, json!({})).await;
            assert_eq!(summary["outcome"], "next_added");
            assert_eq!((summary["current"].as_str(), versions(&document(world))), (Some("own"), names));
        }
        let summary = rotate(world, json!({})).await;
        assert_eq!(summary, json!({"outcome": "rotated", "current": "5", "next": "6"}));
    });
}

#[test]
fn a_name_is_known_from_each_kept_value_also_from_those_on_the_second_page() {
    run(async |world| {
        let first = document(world);
        for _ in 0..120 {
            put(world, &first);
        }
        let mut with_nine = first.clone();
        with_nine["9"] = json!("fedcba9876543210fedcba9876543210");
        put(world, &with_nine);
        put(world, &first);
        let summary = rotate(world, json!({})).await;
        assert_eq!(summary, json!({"outcome": "next_added", "current": "1", "next": "10"}));
        let calls = world.stack.calls().by_function("rotate-pepper");
        let pages = calls.iter().filter(|call| call.operation == "ListSecretVersionIds").count();
        assert_eq!(pages, 2);
    });
}

#[test]
fn earlier_values_that_can_be_read_are_no_warning() {
    run(async |world| {
        for outcome in ["next_added", "rotated"] {
            assert_eq!(rotate(world, json!({})).await["outcome"], outcome);
        }
        let lines = world.stack.logs().by_function("rotate-pepper").concat();
        assert!(!lines.contains("cannot be read"), "{lines}");
    });
}

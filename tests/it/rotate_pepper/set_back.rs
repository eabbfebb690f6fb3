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

#[test]
fn a_document_that_was_rotated_before_rotates_again_only_as_a_new_version() {
    run(async |world| {
        rotate(world, json!({})).await;
        let (earlier, kept) = (version_id(world).await, document(world));
        assert_eq!(rotate(world, json!({})).await["outcome"], "rotated");
        let back = json!({"VersionStage": "AWSCURRENT", "MoveToVersionId": earlier,
            "RemoveFromVersionId": version_id(world).await});
        secrets_manager(world, "UpdateSecretVersionStage", back).await;
        for event in [json!({}), json!({"leaked": true})] {
            let error = world.stack.invoke("rotate-pepper", &event).await.unwrap_err();
            assert!(error.error_message.starts_with("the pepper was set back"), "{error:?}");
            assert_eq!((document(world), version_id(world).await), (kept.clone(), earlier.clone()));
        }
        put(world, &kept);
        assert_eq!(
            rotate(world, json!({})).await,
            json!({"outcome": "rotated", "current": "2", "next": "3"})
        );
        let after = document(world);
        assert_eq!((versions(&after), &after["2"]), (vec!["1", "2", "3"], &kept["2"]));
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

        stored["current"] = json!("1");
        put(world, &stored);
        let summary = rotate(world, json!({"leaked": true})).await;
        assert_eq!(summary, json!({"outcome": "replaced", "current": "3", "next": "4"}));
        let after = document(world);
        assert_eq!((versions(&after), &after["2"]), (vec!["1", "2", "3", "4"], &stored["2"]));
        world.forget_organizations().await;
        world.key(token(&key)).get("/v1/whoami").await.expect(200);
    });
}

//! A secret whose rotation was switched off: a step that comes late changes nothing.

use kit::run;
use local::{Effect, Fault, Service};
use serde_json::{Value, json};

use super::{SECRET, consumer, token, works};

#[test]
fn a_late_step_for_a_secret_whose_rotation_was_switched_off_changes_nothing() {
    run(async |world| {
        consumer(world, 90).await;
        let kill = Fault::on(Service::SecretsManager, Effect::KillAfter).operation("PutSecretValue");
        world.stack.faults().add(kill.function("rotate-secret"));
        world.stack.rotate_secret(SECRET).await.unwrap_err();
        world.stack.faults().clear();
        let stages = || (token(world, "AWSCURRENT").unwrap(), token(world, "AWSPENDING").unwrap());
        let before = stages();
        let calls = world.stack.calls().by_function("rotate-secret");
        let put = calls.iter().find(|call| call.operation == "PutSecretValue").unwrap();
        let put: Value = serde_json::from_slice(&put.request).unwrap();

        let url = &world.stack.environment()["AWS_ENDPOINT_URL_SECRETS_MANAGER"];
        let cancel = reqwest::Client::new().post(url).body(json!({"SecretId": SECRET}).to_string());
        let cancelled =
            cancel.header("x-amz-target", "secretsmanager.CancelRotateSecret").send().await.unwrap();
        assert_eq!(cancelled.status().as_u16(), 200);
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let event = json!({"Step": step, "SecretId": put["SecretId"],
                "ClientRequestToken": put["ClientRequestToken"]});
            let error = world.stack.invoke("rotate-secret", &event).await.unwrap_err();
            assert_eq!(error.error_message, "the secret is not enabled for rotation", "{step}");
        }
        assert_eq!((stages(), world.audit("access_key.rotated").len()), (before.clone(), 1));
        assert!(works(world, "AWSCURRENT").await);
        // Whoever rotates it switches rotation on again.
        world.stack.rotate_secret(SECRET).await.unwrap();
        assert_eq!(token(world, "AWSCURRENT"), Some(before.1));
    });
}

//! Where functions find AWS services: `AWS_ENDPOINT_URL`, and the endpoints of single services.

use kit::{Effect, Fault, Options, Stack, When, authorizer_event, run};
use serde_json::json;

#[test]
fn one_endpoint_serves_all_services_and_that_of_a_service_comes_first() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap();
        let aws = world.stack.environment()["AWS_ENDPOINT_URL_DYNAMODB"].clone();
        let nobody = "http://127.0.0.1:1";
        for (general, special) in [(aws.as_str(), ""), (nobody, aws.as_str())] {
            let services =
                ["DYNAMODB", "SECRETS_MANAGER", "SES"].map(|name| format!("AWS_ENDPOINT_URL_{name}"));
            let mut environment: std::collections::BTreeMap<_, _> =
                services.into_iter().map(|name| (name, special.to_owned())).collect();
            environment.insert("AWS_ENDPOINT_URL".to_owned(), general.to_owned());
            let other =
                Stack::start(Options { memory: true, environment, ..Options::default() }).await.unwrap();
            world.stack.calls().clear();
            let now = other.clock().now().as_second();
            let decision = other.invoke("authorize-request", &authorizer_event(token, now)).await.unwrap();
            assert_eq!(decision["isAuthorized"], true, "{general} {special}: {decision}");
            let run = other.run_schedule("notify-expiring-keys", &json!({})).await.unwrap();
            assert!(run.is_ok(), "{general} {special}: {run:?}");
            for operation in ["GetSecretValue", "BatchGetItem", "Query"] {
                assert!(world.stack.calls().count(operation) > 0, "{general} {special}: {operation}");
            }
            assert_eq!(other.calls().all().len(), 0, "{general} {special}");
            other.stop().await;
        }
    });
}

#[test]
fn what_an_instance_had_sent_never_arrives_after_it_was_killed() {
    run(async |world| {
        let function = "notify-expiring-keys";
        world.stack.warm_up(function, 1).await.unwrap();
        let endpoint = world.stack.environment()["AWS_ENDPOINT_URL_DYNAMODB"].clone();
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=LOCAL.{function}.1/20260101/us-east-1/dynamodb/aws4_request"
        );
        let send = async || {
            let request = reqwest::Client::new().post(&endpoint).header("authorization", &signature);
            let request = request.header("x-amz-security-token", "LOCAL-SESSION");
            request.header("x-amz-target", "DynamoDB_20120810.Query").body("{}").send().await
        };
        assert_eq!(send().await.unwrap().status(), 400);
        world.stack.faults().add(Fault::anywhere(Effect::KillBefore).function(function).when(When::First(1)));
        world.try_notify().await.unwrap_err();
        world.stack.faults().clear();
        world.stack.calls().until_none_is_at_work().await;
        let before = world.stack.calls().all().len();
        send().await.unwrap_err();
        assert_eq!(world.stack.calls().all().len(), before);
    });
}

use kit::{Effect, Fault, Service, When, run};
use serde_json::json;

fn internal() -> serde_json::Value {
    json!({"message": "Internal Server Error"})
}

#[test]
fn a_store_that_fails_is_an_error_and_never_a_pass_or_a_refusal() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        for effect in
            [Effect::Throttle, Effect::ServerError, Effect::LoseReply, Effect::Unprocessed { count: 2 }]
        {
            let fault = Fault::on(Service::DynamoDb, effect).operation("BatchGetItem");
            world.stack.faults().add(fault.function("authorize-request"));
            assert_eq!(client.get("/v1/whoami").await.expect(500), internal());
            world.stack.faults().clear();
            client.get("/v1/whoami").await.expect(200);
        }
    });
}

#[test]
fn one_unprocessed_answer_is_made_good() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let fault = Fault::on(Service::DynamoDb, Effect::Unprocessed { count: 1 }).operation("BatchGetItem");
        world.stack.faults().add(fault.when(When::First(1)));
        client.get("/v1/whoami").await.expect(200);
        assert_eq!(world.stack.faults().struck(), 1);
    });
}

#[test]
fn a_note_of_use_that_fails_does_not_fail_the_request() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.stack.faults().add(Fault::on(Service::DynamoDb, Effect::ServerError).operation("UpdateItem"));
        client.get("/v1/whoami").await.expect(200);
        assert!(world.stack.faults().struck() > 0);
    });
}

#[test]
fn an_authorizer_that_dies_is_an_error_and_is_replaced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let fault = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("BatchGetItem");
        world.stack.faults().add(fault.function("authorize-request").when(When::First(1)));
        assert_eq!(client.get("/v1/whoami").await.expect(500), internal());
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn an_unknown_pepper_version_is_looked_for_and_then_an_error() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let pepper = world.stack.environment()["PEPPER_SECRET_ID"].clone();
        let first = world.stack.secret(&pepper).unwrap();
        let mut grown: serde_json::Value = serde_json::from_str(&first).unwrap();
        grown["2"] = json!("fedcba9876543210fedcba9876543210");
        grown["current"] = json!("2");
        assert!(world.stack.put_secret(&pepper, &grown.to_string()));
        let before = client.get("/v1/whoami").await.expect(200);
        assert_eq!(before["key_id"], key["key_id"]);
        let lost = json!({"current": "2", "2": "fedcba9876543210fedcba9876543210"});
        assert!(world.stack.put_secret(&pepper, &lost.to_string()));
        world.stack.faults().add(
            Fault::on(Service::DynamoDb, Effect::KillAfter)
                .operation("BatchGetItem")
                .function("authorize-request")
                .when(When::First(1)),
        );
        client.get("/v1/whoami").await.expect(500);
        assert_eq!(client.get("/v1/whoami").await.expect(500), internal());
    });
}

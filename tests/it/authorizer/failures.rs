//! Decisions while AWS services fail.

use kit::{Effect, Fault, Freeze, Options, Service, When, World, run, run_with};
use serde_json::{Value, json};

fn internal() -> serde_json::Value {
    json!({"message": "Internal Server Error"})
}

fn of_authorizer(effect: Effect, operation: &str) -> Fault {
    Fault::on(Service::DynamoDb, effect).function("authorize-request").operation(operation)
}

/// Runs a test in which calls of the authorizer have these time limits, milliseconds.
fn within(attempt: &str, operation: &str, test: impl AsyncFnOnce(&World)) {
    let parameters = [("AuthorizerAttemptTimeoutMs", attempt), ("AuthorizerOperationTimeoutMs", operation)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    run_with(Options { parameters, ..Options::default() }, test);
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
            world.stack.faults().add(of_authorizer(effect, "BatchGetItem"));
            assert_eq!(client.get("/v1/whoami").await.expect(500), internal());
            world.stack.faults().clear();
            client.get("/v1/whoami").await.expect(200);
        }
    });
}

#[test]
fn an_unprocessed_read_is_repeated() {
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
fn a_note_of_use_that_hangs_is_given_up() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.stack.faults().add(of_authorizer(Effect::Hold, "UpdateItem"));
        client.get("/v1/whoami").await.expect(200);
        world.stack.faults().clear();
        let lines = world.stack.logs().by_function("authorize-request").concat();
        assert!(lines.contains("gave up recording the use of a key"), "{lines}");
    });
}

#[test]
fn a_read_without_an_answer_is_made_again() {
    within("2000", "8000", async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        world.stack.faults().add(of_authorizer(Effect::Hold, "BatchGetItem").when(When::First(1)));
        world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        assert_eq!(world.stack.faults().struck(), 1);
    });
}

#[test]
fn a_decision_without_an_answer_of_the_table_fails_before_lambda_ends_it() {
    within("5000", "3000", async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        world.stack.faults().add(of_authorizer(Effect::Hold, "BatchGetItem"));
        let answer = world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await;
        assert_eq!(answer.expect(500), internal());
        let lines = world.stack.logs().by_function("authorize-request").concat();
        assert!(lines.contains("could not decide on a request"), "{lines}");
    });
}

#[test]
fn a_connection_that_is_lost_while_a_function_starts_is_left_to_its_first_request() {
    run(async |world| {
        world.stack.faults().add(Fault::on(Service::DynamoDb, Effect::LoseRequest).operation("GET /"));
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        assert!(world.stack.faults().struck() > 0);
        let said = |line: &String| line.contains("could not connect to DynamoDB yet");
        assert!(world.stack.logs().by_function("authorize-request").iter().any(said));
    });
}

#[test]
fn an_authorizer_that_dies_is_an_error_and_is_replaced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.stack.faults().add(of_authorizer(Effect::KillBefore, "BatchGetItem").when(When::First(1)));
        assert_eq!(client.get("/v1/whoami").await.expect(500), internal());
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_warm_instance_fetches_an_unknown_pepper_version() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (first, machine) = (organization.machine_key().await, organization.machine("ci").await);
        let old = world.key(first["secret"]["token"].as_str().unwrap());
        old.get("/v1/whoami").await.expect(200);

        let id = &world.stack.environment()["PEPPER_SECRET_ID"];
        let mut pepper: Value = serde_json::from_str(&world.stack.secret(id).unwrap()).unwrap();
        pepper["2"] = json!("fedcba9876543210fedcba9876543210");
        pepper["current"] = json!("2");
        assert!(world.stack.put_secret(id, &pepper.to_string()));
        start_anew(world, "create-access-key", "TransactWriteItems");
        let body = json!({"name": "k", "expires_in_days": 1});
        let keys = organization.keys_of(&machine);
        let _ = organization.owner.post(&keys, body.clone()).await;
        world.stack.faults().clear();
        let second = organization.owner.post(&keys, body).await.expect(201);
        assert_eq!(versions(world).last().map(String::as_str), Some("keyid=Mg"));

        world.stack.calls().clear();
        let new = world.key(second["secret"]["token"].as_str().unwrap());
        for client in [&new, &old, &new] {
            client.get("/v1/whoami").await.expect(200);
        }
        assert_eq!(world.stack.calls().count("GetSecretValue"), 1);
    });
}

#[test]
fn a_missing_pepper_version_is_an_error_and_is_fetched_again_only_after_a_while() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let id = &world.stack.environment()["PEPPER_SECRET_ID"];
        let kept = world.stack.secret(id).unwrap();
        let lost = json!({"current": "2", "2": "fedcba9876543210fedcba9876543210"});
        assert!(world.stack.put_secret(id, &lost.to_string()));
        start_anew(world, "authorize-request", "BatchGetItem");
        client.get("/v1/whoami").await.expect(500);
        world.stack.faults().clear();
        world.stack.warm_up("authorize-request", 1).await.unwrap();
        world.stack.calls().clear();
        for _ in 0..3 {
            assert_eq!(client.get("/v1/whoami").await.expect(500), internal());
        }
        assert!(world.stack.calls().count("GetSecretValue") <= 1);
        assert!(world.stack.put_secret(id, &kept));
    });
}

/// Lets the next request end the function's one instance, so that the next starts anew.
fn start_anew(world: &World, function: &str, operation: &str) {
    let fault = Fault::on(Service::DynamoDb, Effect::KillBefore).operation(operation).function(function);
    world.stack.faults().add(fault.when(When::First(1)));
}

/// Reads the pepper versions that stored verifiers name, as argon2 writes them, in order.
fn versions(world: &World) -> Vec<String> {
    let mut versions: Vec<String> = world
        .items_of("KEY#")
        .iter()
        .map(|key| key["secret"]["hash"].as_str().unwrap())
        .map(|hash| hash.split([',', '$']).find(|part| part.starts_with("keyid=")).unwrap().to_owned())
        .collect();
    versions.sort();
    versions
}

#[test]
fn a_store_that_fails_for_a_sign_in_or_for_the_organization_is_an_error() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let fault = || Fault::on(Service::DynamoDb, Effect::ServerError).function("authorize-request");
        for operation in ["GetItem", "Query"] {
            world.stack.faults().add(fault().operation(operation));
            assert_eq!(
                organization.owner.get(&organization.path).await.expect(500),
                internal(),
                "{operation}"
            );
            assert!(world.stack.faults().struck() > 0, "{operation}");
            world.stack.faults().clear();
        }
        organization.owner.get(&organization.path).await.expect(200);
    });
}

#[test]
fn an_instance_whose_idle_connections_were_closed_answers_over_new_ones() {
    // An attempt for each of its connections, and one more: all of them are closed.
    let parameters = [("AuthorizerMaxAttempts".to_owned(), "10".to_owned())].into();
    run_with(Options { instance_clocks: true, parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        world.stack.freeze(&Freeze::function("authorize-request", 10)).unwrap();
        world.stack.close_idle_connections();
        client.get("/v1/whoami").await.expect(200);
        assert!(world.stack.requests_on_closed_connections() > 0);
    });
}

#[test]
fn connections_that_were_idle_for_twenty_seconds_of_the_gateway_are_not_used_again() {
    run_with(Options { instance_clocks: true, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        world.stack.freeze(&Freeze::function("authorize-request", 3_600)).unwrap();
        world.stack.close_idle_connections();
        client.get("/v1/whoami").await.expect(200);
        assert_eq!(world.stack.requests_on_closed_connections(), 0);
    });
}

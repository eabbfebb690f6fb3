//! What decisions cost in calls, bytes, read units and argon2 runs. Times are the bench's business.

use kit::{Call, Effect, Fault, Options, Organization, Service, World, run_with};
use serde_json::json;

const FUNCTION: &str = "authorize-request";

/// The calls of a first decision: key and user, the organization, the use of the key.
const FIRST_DECISION: [&str; 3] = ["BatchGetItem", "Query", "UpdateItem"];

fn one_instance() -> Options {
    let parameters = [("LogLevel".to_owned(), "debug".to_owned())].into();
    Options { instance_cap: 1, parameters, ..Options::default() }
}

/// Takes the authorizer's calls since the last time.
fn calls(world: &World) -> Vec<Call> {
    let calls = world.stack.calls().by_function(FUNCTION);
    world.stack.calls().clear();
    calls
}

fn operations(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

fn argon2_runs(world: &World) -> usize {
    let lines = world.stack.logs().by_function(FUNCTION);
    lines.iter().filter(|line| line.contains("\"argon2_runs\":1")).count()
}

#[test]
fn a_start_opens_its_connection_and_fetches_the_pepper_once() {
    run_with(one_instance(), async |world| {
        world.stack.warm_up(FUNCTION, 1).await.unwrap();
        let started = world.stack.calls().all();
        let mut started = operations(&started);
        started.sort_unstable();
        assert_eq!(started, ["GET /", "GetSecretValue"]);
    });
}

#[test]
fn a_first_decision_reads_key_and_organization_and_a_warm_one_the_key_alone() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        // What the instance knows of the organization since it was created goes with it.
        world.stack.faults().add(Fault::on(Service::DynamoDb, Effect::KillBefore).operation("BatchGetItem"));
        client.get("/v1/whoami").await.expect(500);
        world.stack.faults().clear();
        world.stack.warm_up(FUNCTION, 1).await.unwrap();
        calls(world);
        client.get("/v1/whoami").await.expect(200);
        let first = calls(world);
        let mut first = operations(&first);
        first.sort_unstable();
        assert_eq!(first, FIRST_DECISION);
        assert_eq!(argon2_runs(world), 1);

        let unlimited = Effect::PartitionReads { units_per_second: u32::MAX };
        world.stack.faults().add(Fault::on(Service::DynamoDb, unlimited).operation("BatchGetItem"));
        client.get("/v1/whoami").await.expect(200);
        let warm = calls(world);
        assert_eq!(operations(&warm), ["BatchGetItem"]);
        assert!(warm[0].request.len() < 300, "{} bytes", warm[0].request.len());
        assert!((world.stack.faults().read_units() - 2.0).abs() < f64::EPSILON);
        assert_eq!(argon2_runs(world), 1);
    });
}

#[test]
fn messages_to_former_addresses_and_counts_of_mails_do_not_reach_a_decision() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read"]).await;
        let machine = organization.machine_with("ci", &["reader"]).await;
        let key = organization.key(&machine, 90).await;
        for number in 0..50 {
            store(world, &organization, &format!("PARTING#{number:026}"));
        }
        for day in 1..=5 {
            store(world, &organization, &format!("MAILS#2027-01-0{day}"));
        }
        world.forget_organizations().await;
        calls(world);
        let told = world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        assert_eq!(told["permissions"], json!(["clusters:read"]));
        let queries: Vec<_> = calls(world).into_iter().filter(|call| call.operation == "Query").collect();
        let read: Vec<_> = queries.iter().map(|query| world.query(&query.request)).collect();
        let names: Vec<_> = read.iter().flatten().map(|item| item["SK"].as_str().unwrap()).collect();
        assert_eq!((read.len(), names), (1, vec!["ORG", "ORG#DECISIONS"]));
    });
}

fn store(world: &World, organization: &Organization, sort: &str) {
    world.put(&json!({"PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": sort}}));
}

#[test]
fn an_organization_at_every_limit_costs_the_same_calls_as_any_other() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        crate::limits::store_all(world, &organization, &key, Some("a:*"));
        let narrow = format!("KEY#{}", crate::limits::suffix(&key));
        crate::limits::carry(world, &key, &narrow, "groups", []);
        world.forget_organizations().await;
        world.stack.warm_up(FUNCTION, 1).await.unwrap();
        calls(world);
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let told = client.get("/v1/whoami").await.expect(200);
        assert_eq!(told["permissions"], json!(["a:*"]));
        let first = calls(world);
        let mut first = operations(&first);
        first.sort_unstable();
        assert_eq!(first, FIRST_DECISION);
        client.get("/v1/whoami").await.expect(200);
        assert_eq!(operations(&calls(world)), ["BatchGetItem"]);
        assert_eq!(argon2_runs(world), 1);
    });
}

#[test]
fn a_partition_that_is_read_too_often_fails_decisions_unless_they_are_reused() {
    let reused = |seconds: &str| Options {
        parameters: [("DecisionMaxAgeSeconds".to_owned(), seconds.to_owned())].into(),
        ..one_instance()
    };
    for (seconds, status) in [("0", 500), ("60", 200)] {
        run_with(reused(seconds), async |world| {
            let organization = world.organization("alice", "strict").await;
            let key = organization.machine_key().await;
            let client = world.key(key["secret"]["token"].as_str().unwrap());
            client.get("/v1/whoami").await.expect(200);
            let nothing = Effect::PartitionReads { units_per_second: 0 };
            world.stack.faults().add(Fault::on(Service::DynamoDb, nothing).operation("BatchGetItem"));
            client.get("/v1/whoami").await.expect(status);
        });
    }
}

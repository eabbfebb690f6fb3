//! Decisions that are reused for some seconds.

use kit::{DAY, Effect, Fault, Service, When, run, run_with};
use serde_json::json;

use super::{comes, with};

#[test]
fn within_the_allowed_age_a_key_passes_without_a_read_and_is_never_refused_without_one() {
    run_with(with("DecisionMaxAgeSeconds", "60"), async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (client, path) = (comes(world, &key), organization.key_path(&key));
        let reads = || world.stack.calls().count("BatchGetItem");
        client.get("/v1/whoami").await.expect(200);
        world.stack.calls().clear();
        for _ in 0..5 {
            client.get("/v1/whoami").await.expect(200);
        }
        assert_eq!(reads(), 0);

        // What would refuse is read anew.
        world.travel(91 * DAY);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(reads(), 1);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(reads(), 2);
        world.travel(0);
        client.get("/v1/whoami").await.expect(200);

        organization.owner.patch(&path, json!({"active": false})).await.expect(200);
        client.get("/v1/whoami").await.expect(200);
        let fault = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("GetItem");
        world.stack.faults().add(fault.function("authorize-request").when(When::First(1)));
        organization.owner.get(&organization.path).await.expect(500);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        organization.owner.patch(&path, json!({"active": true})).await.expect(200);
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_decision_is_reused_for_the_allowed_seconds_after_its_read_and_no_longer() {
    run_with(with("DecisionMaxAgeSeconds", "60"), async |world| {
        let organization = world.organization("alice", "strict").await;
        let client = comes(world, &organization.machine_key().await);
        client.get("/v1/whoami").await.expect(200);
        world.stack.calls().clear();
        for (later, reads) in [(40, 0), (61, 1)] {
            world.travel(later);
            client.get("/v1/whoami").await.expect(200);
            assert_eq!(world.stack.calls().count("BatchGetItem"), reads, "{later} s later");
        }
    });
}

#[test]
fn without_an_allowed_age_every_request_reads() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let client = comes(world, &organization.machine_key().await);
        world.stack.calls().clear();
        for _ in 0..5 {
            client.get("/v1/whoami").await.expect(200);
        }
        let calls = world.stack.calls().by_function("authorize-request");
        assert_eq!(calls.iter().filter(|call| call.operation == "BatchGetItem").count(), 5);
    });
}

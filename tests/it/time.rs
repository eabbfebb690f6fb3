//! Time as gateways, programs and frozen instances have it.

mod formats;
mod order;

use kit::{Freeze, Options, run, run_with};
use serde_json::{Value, json};

/// What a gateway never states: seconds, nothing, and what is no whole number.
fn wrong_times() -> Vec<Value> {
    let numbers = [json!(1_790_000_000), json!(0), json!(-1), json!(1_577_836_799_999_i64), json!(i64::MAX)];
    numbers.into_iter().chain([json!("1790000000000"), json!(1_790_000_000_000.5), json!(null)]).collect()
}

#[test]
fn a_gateways_time_before_2020_is_a_failure_of_every_function() {
    run(async |world| {
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/events")).unwrap() {
            let path = file.unwrap().path();
            let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (function, member) = match name {
                // Their events do not come through the gateway.
                "declare-routes" | "notify-expiring-keys" | "rotate-pepper" | "rotate-secret" => continue,
                "authorize-request-rest" => ("authorize-request", "requestTimeEpoch"),
                name => (name, "timeEpoch"),
            };
            // Starting a process is what costs time here. The authorizer gets all the times, the others some.
            let times = wrong_times();
            let count = if function == "authorize-request" { times.len() } else { 2 };
            for time in times.into_iter().take(count) {
                let mut event = event.clone();
                event["requestContext"][member] = time.clone();
                let answer = world.stack.invoke(function, &event).await;
                let failed = answer.as_ref().map_or(true, |answer| answer["statusCode"] == 500);
                assert!(failed, "{name} {time}: {answer:?}");
            }
        }
    });
}

#[test]
fn a_schedules_time_before_2020_is_a_failure() {
    run(async |world| {
        for time in ["1970-01-01T00:00:00Z", "2019-12-31T23:59:59Z", "2020-01-01T00:59:59.000+01:00"] {
            let answer = world.stack.invoke("notify-expiring-keys", &json!({"time": time})).await;
            assert!(answer.is_err(), "{time}: {answer:?}");
        }
        for time in ["2027-01-31T12:00:00.000Z", "2027-01-31t12:00:00z"] {
            world.stack.invoke("notify-expiring-keys", &json!({"time": time})).await.unwrap();
        }
    });
}

#[test]
fn a_frozen_instance_refuses_a_suspended_organizations_key_after_ten_seconds_of_the_gateway() {
    run_with(Options { instance_clocks: true, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        // The snapshot still holds: it is not read at each request.
        client.get("/v1/whoami").await.expect(200);
        world.stack.freeze(&Freeze::function("authorize-request", 11)).unwrap();
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn what_is_kept_is_not_used_after_the_gateways_time_stepped_back() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        for (step, passes) in [(-1, true), (-5, false)] {
            world.travel(0);
            organization.owner.patch(&organization.path, json!({"status": "active"})).await.expect(200);
            world.forget_organizations().await;
            client.get("/v1/whoami").await.expect(200);
            organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
            world.travel(step);
            let answer = client.get("/v1/whoami").await;
            if passes {
                answer.expect(200);
            } else {
                answer.expect_forbidden_by_gateway();
            }
        }
    });
}

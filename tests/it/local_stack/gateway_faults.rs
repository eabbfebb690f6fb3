//! Throttled routes, and functions without a free instance.

use kit::{Fault, When, run};
use serde_json::json;

#[test]
fn a_throttled_route_and_a_missing_instance_answer_as_api_gateway_does() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let owner = &organization.owner;
        let faults = world.stack.faults();
        world.stack.calls().clear();
        faults.add(Fault::throttled_route("GET /v1/organizations").when(When::Nth(1)));
        let throttled = owner.get("/v1/organizations").await.expect(429);
        assert_eq!(throttled, json!({"message": "Too Many Requests"}));
        assert_eq!(world.stack.calls().all().len(), 0);
        owner.get("/v1/organizations").await.expect(200);

        faults.add(Fault::no_instance("manage-users").when(When::First(1)));
        let users = format!("{}/users", organization.path);
        let before = world.items();
        let body = json!({"kind": "machine", "name": "m"});
        let refused = owner.post(&users, body.clone()).await.expect(503);
        assert_eq!(refused, json!({"message": "Service Unavailable"}));
        assert_eq!(world.items(), before);
        owner.post(&users, body).await.expect(201);

        faults.add(Fault::no_instance("authorize-request").when(When::First(1)));
        let refused = owner.get("/v1/whoami").await.expect(500);
        assert_eq!(refused, json!({"message": "Internal Server Error"}));
        owner.get(&users).await.expect(200);
        assert_eq!(faults.struck(), 3);

        faults.add(Fault::no_instance("notify-expiring-keys").when(When::First(1)));
        let refused = world.try_notify().await.unwrap_err();
        assert_eq!(refused.error_type, "TooManyRequestsException");
    });
}

//! Routes that need a permission or name an organization.

use kit::{Effect, Fault, Options, Service, authorizer_event, run, run_with};
use serde_json::json;

use super::{comes, with};

#[test]
fn a_route_that_needs_a_permission_is_closed_without_it() {
    let setting = r#"{"GET /v1/whoami":"clusters:read"}"#;
    run_with(with("RoutePermissions", setting), async |world| {
        let organization = world.organization("alice", "strict").await;
        let mut keys = vec![];
        for (role, permission) in
            [("none", "clusters:write"), ("one", "clusters:read"), ("some", "clusters:*")]
        {
            organization.role(role, &[permission]).await;
            let machine = organization.machine_with(role, &[role]).await;
            keys.push(comes(world, &organization.key(&machine, 1).await));
        }
        world.forget_organizations().await;
        keys[0].get("/v1/whoami").await.expect_forbidden_by_gateway();
        keys[1].get("/v1/whoami").await.expect(200);
        keys[2].get("/v1/whoami").await.expect(200);
        world.person("alice").get("/v1/whoami").await.expect_forbidden_by_gateway();
        organization.owner.get(&organization.path).await.expect(200);
    });
}

#[test]
fn head_needs_what_get_needs_on_its_own_route_and_on_any() {
    let setting = r#"{"GET /clusters": "clusters:read"}"#;
    run_with(with("RoutePermissions", setting), async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read"]).await;
        let mut keys = Vec::new();
        for (roles, authorized) in [(&[][..], false), (&["reader"], true)] {
            let machine = organization.machine_with("m", roles).await;
            keys.push((organization.key(&machine, 1).await, authorized));
        }
        world.forget_organizations().await;
        for (key, authorized) in keys {
            let now = world.stack.clock().now().as_second();
            let mut event = authorizer_event(key["secret"]["token"].as_str().unwrap(), now);
            for (method, route_key) in
                [("GET", "GET /clusters"), ("HEAD", "HEAD /clusters"), ("HEAD", "ANY /clusters")]
            {
                event["requestContext"]["http"]["method"] = json!(method);
                event["routeKey"] = json!(route_key);
                let answer = world.stack.invoke("authorize-request", &event).await.unwrap();
                assert_eq!(answer["isAuthorized"], authorized, "{method} {route_key}");
            }
        }
    });
}

#[test]
fn a_key_on_the_path_of_another_organization_is_refused() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        first.role("all", &["*"]).await;
        let machine = first.machine_with("m", &["all"]).await;
        let client = comes(world, &first.key(&machine, 30).await);
        client.get("/v1/whoami").await.expect(200);
        client.get(&second.path).await.expect_forbidden_by_gateway();
        client.get(&second.user_path("me")).await.expect_forbidden_by_gateway();
        client.get(&first.path.to_lowercase()).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn an_organization_that_cannot_be_read_is_an_error_and_not_a_pass() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let client = comes(world, &organization.machine_key().await);
        world.forget_organizations().await;
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("Query");
        world.stack.faults().add(fault.function("authorize-request"));
        client.get("/v1/whoami").await.expect(500);
        assert!(world.stack.faults().struck() > 0);
        world.stack.faults().clear();
        client.get("/v1/whoami").await.expect(200);
    });
}

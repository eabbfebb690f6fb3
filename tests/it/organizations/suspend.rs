//! Suspension of an organization.

use kit::{Options, authorizer_event, run_with};
use serde_json::{Value, json};

#[test]
fn a_suspended_organization_is_lifted_by_its_owner_alone() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let carol = world.person("carol");
        carol.get(&organization.user_path("me")).await.expect(200);
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let status = |status: &str| json!({"status": status});
        organization.owner.patch(&organization.path, status("suspended")).await.expect(200);
        world.forget_organizations().await;
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        carol.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        carol.patch(&organization.path, status("active")).await.expect_forbidden_by_gateway();
        organization.owner.get(&format!("{}/users", organization.path)).await.expect_forbidden_by_gateway();
        assert_eq!(organization.owner.get(&organization.path).await.expect(200)["status"], "suspended");
        let whoami = format!("{}/whoami", organization.path);
        let me = organization.owner.get(&whoami).await.expect(200);
        assert_eq!((&me["organization_status"], &me["user_kind"]), (&json!("suspended"), &json!("owner")));
        carol.get(&whoami).await.expect_forbidden_by_gateway();
        client.get(&whoami).await.expect_forbidden_by_gateway();
        organization.owner.patch(&organization.path, status("active")).await.expect(200);
        world.forget_organizations().await;
        client.get("/v1/whoami").await.expect(200);
        carol.get(&organization.user_path("me")).await.expect(200);
    });
}

#[test]
fn a_sign_in_to_a_suspended_organization_passes_at_no_other_api() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        world.forget_organizations().await;
        let token = world.stack.issuer().token("alice", "alice@example.com", "alice");
        let passes = async |route: &str, stage_variables: Value| {
            let mut event = authorizer_event("", world.stack.clock().now().as_second());
            event["headers"] = json!({"authorization": format!("Bearer {token}")});
            event["routeKey"] = json!(route);
            event["rawPath"] = json!(organization.user_path("me"));
            event["pathParameters"] = json!({"organization_id": organization.id});
            event["stageVariables"] = stage_variables;
            world.stack.invoke("authorize-request", &event).await.unwrap()["isAuthorized"].clone()
        };
        let paths =
            ["", "/users/{user_id}"].map(|path| format!("/v1/organizations/{{organization_id}}{path}"));
        for route in [
            format!("GET {}", paths[0]),
            format!("GET {}/whoami", paths[0]),
            format!("DELETE {}", paths[0]),
            format!("DELETE {}", paths[1]),
        ] {
            assert_eq!(passes(&route, json!({"sign_in_routes": "allow"})).await, true, "{route}");
            assert_eq!(passes(&route, Value::Null).await, false, "{route}");
        }
    });
}

//! Suspension of an organization.

use kit::{Options, run_with};
use serde_json::json;

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
        organization.owner.patch(&organization.path, status("active")).await.expect(200);
        world.forget_organizations().await;
        client.get("/v1/whoami").await.expect(200);
        carol.get(&organization.user_path("me")).await.expect(200);
    });
}

//! `GET /v1/organizations` and one organization.

use kit::run;
use serde_json::{Value, json};

#[test]
fn a_person_lists_what_they_own_and_what_they_were_invited_to() {
    run(async |world| {
        let first = world.organization("alice", "strict").await;
        let second = world.organization("bob", "strict").await;
        second.invite("alice").await;
        let alice = world.person("alice");
        let mut expected = [first.id.clone(), second.id.clone()];
        expected.sort();
        let ids = |page: &Value| {
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["organization_id"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&alice.get("/v1/organizations").await.expect(200)), expected);

        let page = alice.get("/v1/organizations?limit=1").await.expect(200);
        assert_eq!(ids(&page), expected[..1]);
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = alice.get(&format!("/v1/organizations?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(
            (ids(&rest), &rest["next_cursor"]),
            (expected[1..].iter().map(|id| json!(id)).collect(), &Value::Null)
        );
        world
            .person("bob")
            .get(&format!("/v1/organizations?cursor={cursor}"))
            .await
            .expect_invalid("cursor", "next_cursor");
        assert_eq!(ids(&world.person("carol").get("/v1/organizations").await.expect(200)).len(), 0);
    });
}

#[test]
fn an_organization_is_a_secret_to_others() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        world.person("bob").get(&organization.path).await.expect_forbidden_by_gateway();
        world.person("bob").get("/v1/organizations/0000000000000000").await.expect_forbidden_by_gateway();
        world.anonymous().get(&organization.path).await.expect_forbidden_by_gateway();
    });
}

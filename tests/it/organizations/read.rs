//! `GET /v1/organizations` and one organization.

use kit::run;
use serde_json::{Value, json};

fn ids(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().iter().map(|item| item["organization_id"].clone()).collect()
}

#[test]
fn a_person_lists_memberships_first_and_then_invitations() {
    run(async |world| {
        let first = world.organization("alice", "strict").await;
        let second = world.organization("bob", "strict").await;
        let third = world.organization("carol", "strict").await;
        let invited = second.invite("alice").await;
        third.invite_as("alice", "owner").await;
        let alice = world.person("alice");
        // The sign-in makes the invitation to the third a membership.
        let me = alice.get(&third.user_path("me")).await.expect(200)["user_id"].clone();
        let mut members = [first.id.clone(), third.id.clone()];
        members.sort();
        let expected: Vec<_> = members.iter().chain([&second.id]).map(|id| json!(id)).collect();
        let whole = alice.get("/v1/organizations").await.expect(200);
        assert_eq!((ids(&whole), &whole["next_cursor"]), (expected.clone(), &Value::Null));
        let shown = |id: &str| {
            let item = whole["items"].as_array().unwrap().iter().find(|item| item["organization_id"] == id);
            json!([item.unwrap()["user_id"], item.unwrap()["user_kind"], item.unwrap()["invited"]])
        };
        assert_eq!(shown(&third.id), json!([me, "owner", false]));
        assert_eq!(shown(&second.id), json!([invited, "normal", true]));

        let listed = alice.pages("/v1/organizations?limit=1").await;
        assert_eq!(json!(listed), whole["items"]);
        let page = alice.get("/v1/organizations?limit=1").await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let other = world.person("bob").get(&format!("/v1/organizations?cursor={cursor}")).await;
        other.expect_invalid("cursor", "next_cursor");
        assert_eq!(ids(&world.person("dave").get("/v1/organizations").await.expect(200)).len(), 0);
        // Where her user is suspended, a person is no member for now.
        for (organization, user_id) in [(&third, me.as_str().unwrap()), (&second, invited.as_str())] {
            let suspended = json!({"status": "suspended"});
            organization.owner.patch(&organization.user_path(user_id), suspended).await.expect(200);
        }
        assert_eq!(ids(&alice.get("/v1/organizations").await.expect(200)), [json!(first.id)]);
    });
}

#[test]
fn invitations_do_not_push_a_persons_own_organization_away() {
    run(async |world| {
        let spammer = world.organization("bob", "strict").await;
        let own = world.organization("alice", "strict").await;
        let invited = spammer.invite("alice").await;
        assert_eq!(world.copy_organization(&spammer.id, &[&invited], 300).len(), 300);
        let alice = world.person("alice");
        let page = alice.get("/v1/organizations?limit=10").await.expect(200);
        assert_eq!(page["items"][0]["organization_id"], own.id.as_str());
        let listed = alice.pages("/v1/organizations?limit=100").await;
        assert_eq!(listed.iter().filter(|item| item["invited"] == true).count(), 301);
        assert_eq!(listed.len(), 302);
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

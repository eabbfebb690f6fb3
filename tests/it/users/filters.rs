//! The filters `kind` and `status` of the list of users, and whether they ever signed in.

use kit::{Organization, World, run};
use serde_json::{Value, json};

/// Users of every kind and state, each named by them.
async fn populated(world: &World) -> Organization {
    let organization = world.organization("alice", "strict").await;
    organization.join_as(world, "bob", "owner").await;
    let suspended_owner = organization.invite_as("off-owner", "owner").await;
    let suspended_person = organization.invite("off-normal").await;
    organization.invite("on-normal").await;
    organization.machine("on machine").await;
    let suspended_machine = organization.machine("off machine").await;
    let (deleted, owner) = (organization.machine("gone").await, &organization.owner);
    for user_id in [&suspended_owner, &suspended_person, &suspended_machine] {
        owner.patch(&organization.user_path(user_id), json!({"status": "suspended"})).await.expect(200);
    }
    owner.delete(&organization.user_path(&deleted)).await.expect(204);
    organization
}

async fn names(organization: &Organization, query: &str) -> Vec<String> {
    let users = organization.owner.pages(&format!("{}/users?{query}", organization.path)).await;
    let mut names: Vec<_> = users.iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn users_are_filtered_by_kind_and_state_page_by_page() {
    run(async |world| {
        let organization = populated(world).await;
        for (query, expected) in [
            ("kind=owner", vec!["alice", "bob", "off-owner"]),
            ("kind=normal", vec!["off-normal", "on-normal"]),
            ("kind=machine", vec!["off machine", "on machine"]),
            ("status=active", vec!["alice", "bob", "on machine", "on-normal"]),
            ("status=suspended", vec!["off machine", "off-normal", "off-owner"]),
            ("status=suspended&kind=owner", vec!["off-owner"]),
            ("status=active&kind=machine", vec!["on machine"]),
            ("status=active&kind=machine&q=off", vec![]),
            ("status=suspended&q=OFF-", vec!["off-normal", "off-owner"]),
        ] {
            for limit in [1, 100] {
                let found = names(&organization, &format!("{query}&limit={limit}")).await;
                assert_eq!(found, expected, "{query} {limit}");
            }
        }
    });
}

#[test]
fn a_bad_filter_of_users_is_refused_by_its_name() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for (query, field, rule) in [
            ("kind=robot", "kind", "owner, normal or machine"),
            ("kind=", "kind", "owner, normal or machine"),
            ("status=deleted", "status", "active or suspended"),
            ("status=Active", "status", "active or suspended"),
            ("status=active&status=active", "status", "once"),
            ("expires_before=2030-01-01T00:00:00Z", "expires_before", "not a parameter"),
        ] {
            let path = format!("{}/users?{query}", organization.path);
            organization.owner.get(&path).await.expect_invalid(field, rule);
        }
    });
}

#[test]
fn a_user_says_whether_the_person_ever_signed_in() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (carol, machine) = (organization.invite("carol").await, organization.machine("ci").await);
        let key = organization.key(&machine, 30).await;
        let signed_in = async |user_id: &str| {
            organization.owner.get(&organization.user_path(user_id)).await.expect(200)["signed_in"].clone()
        };
        assert_eq!((signed_in("me").await, signed_in(&carol).await), (json!(true), json!(false)));
        world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        world.person("carol").get(&organization.user_path("me")).await.expect(200);
        assert_eq!((signed_in(&carol).await, signed_in(&machine).await), (json!(true), json!(false)));
        // For ever, also under another address.
        let path = organization.user_path(&carol);
        let changed =
            organization.owner.patch(&path, json!({"email": "other@example.com"})).await.expect(200);
        assert_eq!(changed["signed_in"], true);
        let body = json!({"kind": "normal", "name": "dan", "email": "dan@example.com"});
        let made = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
        assert_eq!(made["signed_in"], false);
        let listed = organization.owner.pages(&format!("{}/users?limit=100", organization.path)).await;
        let never: Vec<&Value> =
            listed.iter().filter(|user| user["signed_in"] == false).map(|user| &user["name"]).collect();
        assert_eq!((never.len(), listed.len()), (2, 4), "{never:?}");
    });
}

//! Roles and groups of users and keys: at most 20 of each.

use serde_json::{Value, json};

use super::{named, play, store_groups, store_roles};
use crate::matrix::state;

#[test]
fn a_user_and_a_key_carry_at_most_20_roles_and_20_groups() {
    play(async |world, organization| {
        store_roles(world, organization, &named("n", 0..21));
        store_groups(world, organization, &named("n", 0..21), "n0");
        let owner = &organization.owner;
        let machine = organization.machine("m").await;
        let key = organization.machine_key().await;
        let (users, keys) = (format!("{}/users", organization.path), organization.keys_of(&machine));
        let with = |body: Value, member: &str, last: u32| {
            let mut body = body;
            body[member] = json!(named("n", 0..last));
            body
        };
        for member in ["roles", "groups"] {
            let post = async |path: &str, body: Value| {
                let before = state(world);
                let refused = owner.post(path, with(body.clone(), member, 21)).await;
                refused.expect_invalid(member, "20 at most");
                assert!(state(world) == before, "a refused request changed something");
                owner.post(path, with(body, member, 20)).await.expect(201);
            };
            let email = |name: &str| format!("{name}-{member}@example.com");
            post(&users, json!({"kind": "machine", "name": "n"})).await;
            post(&users, json!({"kind": "normal", "name": "bob", "email": email("bob")})).await;
            post(&users, json!({"kind": "owner", "name": "eve", "email": email("eve")})).await;
            post(&keys, json!({"name": "k", "expires_in_days": 1})).await;
            for path in [organization.user_path(&machine), organization.key_path(&key)] {
                let before = state(world);
                let refused = owner.patch(&path, with(json!({}), member, 21)).await;
                refused.expect_invalid(member, "20 at most");
                assert!(state(world) == before, "a refused request changed something");
                owner.patch(&path, with(json!({}), member, 20)).await.expect(200);
            }
        }
    });
}

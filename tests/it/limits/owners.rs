//! Active owners: at most 100.

use serde_json::json;

use super::{named, play};

#[test]
fn an_organization_has_at_most_100_active_owners() {
    play(async |world, organization| {
        let bob = organization.invite_as("bob", "owner").await;
        let carol = organization.invite("carol").await;
        let key = (format!("ORG#{}", organization.id), "ORG");
        let others = json!({"SS": named("other0000", 100..198)});
        world.update((&key.0, key.1), "ADD #attribute :value", "owner_ids", &others);
        let before = crate::matrix::state(world);
        let (bobs, carols) = (organization.user_path(&bob), organization.user_path(&carol));
        let owner = &organization.owner;
        let users = format!("{}/users", organization.path);
        let invited = json!({"kind": "owner", "name": "dan", "email": "dan@example.com"});
        owner.post(&users, invited.clone()).await.expect_invalid("kind", "100 active owners");
        owner.patch(&carols, json!({"kind": "owner"})).await.expect_invalid("kind", "100 active owners");
        assert!(crate::matrix::state(world) == before, "a refused request changed something");

        owner.patch(&bobs, json!({"status": "suspended"})).await.expect(200);
        owner.patch(&carols, json!({"kind": "owner"})).await.expect(200);
        owner.patch(&bobs, json!({"status": "active"})).await.expect_invalid("kind", "100 active owners");
        owner.patch(&carols, json!({"kind": "normal"})).await.expect(200);
        owner.patch(&bobs, json!({"status": "active"})).await.expect(200);
        owner.delete(&bobs).await.expect(204);
        owner.post(&users, invited).await.expect(201);
    });
}

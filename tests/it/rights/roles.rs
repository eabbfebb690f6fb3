//! Changes of roles, groups and policies that carry more than the caller holds.

use serde_json::{Value, json};

use super::{each_is_refused, machine_holding, play};

#[test]
fn a_holder_of_roles_write_alone_neither_empties_nor_removes_what_carries_more() {
    play(async |world, organization| {
        let path = &organization.path;
        organization.role("all", &["*"]).await;
        organization.role("some", &["roles:*"]).await;
        for (name, role) in [("mighty", "all"), ("plain", "some")] {
            let body = json!({"roles": [role]});
            organization.owner.put(&format!("{path}/groups/{name}"), body).await.expect(200);
        }
        let manager = machine_holding(world, organization, "roles", &["roles:*"]).await;
        world.forget_organizations().await;
        let (role, group) = (format!("{path}/roles/all"), format!("{path}/groups/mighty"));
        each_is_refused(
            world,
            &manager,
            &[
                ("PUT", role.clone(), json!({"permissions": []})),
                ("PUT", role.clone(), json!({"permissions": ["*"], "description": "mine"})),
                ("DELETE", role, Value::Null),
                ("PUT", group.clone(), json!({"roles": []})),
                ("PUT", group.clone(), json!({"roles": ["all"], "description": "mine"})),
                ("DELETE", group, Value::Null),
                ("PUT", format!("{path}/groups/plain"), json!({"roles": ["some", "all"]})),
            ],
        )
        .await;
        manager.put(&format!("{path}/groups/plain"), json!({"roles": []})).await.expect(200);
        manager.delete(&format!("{path}/groups/plain")).await.expect(204);
        manager.put(&format!("{path}/roles/some"), json!({"permissions": ["roles:read"]})).await.expect(200);
        manager.delete(&format!("{path}/roles/some")).await.expect(204);
    });
}

#[test]
fn fewer_notices_for_an_organizations_people_need_every_permission() {
    play(async |world, organization| {
        let path = organization.path.clone();
        let writer = machine_holding(world, organization, "policies", &["organization:*"]).await;
        world.forget_organizations().await;
        let notices = |notices: Value| ("PATCH", path.clone(), json!({"policy": {"notices": notices}}));
        each_is_refused(
            world,
            &writer,
            &[
                notices(json!({"days_before": []})),
                notices(json!({"days_before": [30, 7]})),
                notices(json!({"days_before": [31, 7, 2]})),
                notices(json!({"on_expiry": false})),
                notices(json!({"tell": {"owners_for_machines": false}})),
                notices(json!({"tell": {"owners": false}})),
                notices(json!({"tell": {"creator": false}})),
                notices(json!({"tell": {"modifier": false}})),
                ("PATCH", path.clone(), json!({"policy": "strict"})),
            ],
        )
        .await;
        let more = json!({"policy": {"notices": {"days_before": [60, 30, 7, 2]}, "quota": {"machine": 3}}});
        writer.patch(&path, more).await.expect(200);
        organization.owner.patch(&path, json!({"policy": "strict"})).await.expect(200);
        let tell = json!({"policy": {"notices": {"tell": {"owners": true}}}});
        writer.patch(&path, tell).await.expect(200);
        assert_eq!(world.audit("organization.updated").len(), 3);
    });
}

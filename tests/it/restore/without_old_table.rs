//! Replays from an archive without the old table: what only says that it is harmless, owners whom nobody replaces, and lines that
//! contradict each other.

use kit::{Organization, World, run};
use serde_json::{Value, json};

use super::{archive::archive, patch_user};
use crate::tokens::token;

async fn status_of(organization: &Organization, key: &Value) -> Value {
    organization.owner.get(&organization.key_path(key)).await.expect(200)["status"].clone()
}

fn user_status(world: &World, user_id: &str) -> Value {
    world.item(&format!("USER#{user_id}"), "USER").unwrap()["status"].clone()
}

#[test]
fn what_was_renamed_or_described_is_left_and_no_key_is_switched_off() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("writer", &["clusters:*"]).await;
        let dora = organization.join_as(world, "dora", "normal").await;
        let ci = organization.machine_with("ci", &["writer"]).await;
        let key = organization.key(&ci, 90).await;
        let body = json!({"name": "laptop", "expires_in_days": 90});
        let own = world.person("dora").post(&organization.keys_of("me"), body).await.expect(201);
        let copy = world.copy_table();
        organization.owner.patch(&organization.path, json!({"name": "Other"})).await.expect(200);
        patch_user(&organization, &ci, json!({"name": "build"})).await;
        patch_user(&organization, &dora, json!({"name": "Dora", "email": "dora@example.org"})).await;
        let role = json!({"permissions": ["clusters:*"], "description": "writes"});
        organization.owner.put(&format!("{}/roles/writer", organization.path), role).await.expect(200);
        let lines = archive(world).await;

        world.restore(&copy);
        let replayed = world.replay_archive(&copy, &lines, &[]).await;
        let mut left = vec![&*organization.id, &*ci, &*dora, "writer"];
        left.sort_unstable();
        assert_eq!((replayed.code, replayed.ids("left")), (0, left), "{replayed:?}");
        assert_eq!(replayed.lines.len(), 4, "{replayed:?}");
        for key in [&key, &own] {
            assert_eq!(status_of(&organization, key).await, "active");
            world.key(token(key)).get("/v1/whoami").await.expect(200);
        }
    });
}

#[test]
fn a_user_who_was_renamed_and_suspended_is_closed() {
    run(async |world| {
        let organization = world.organization("bob", "flexible").await;
        let ci = organization.machine_with("ci", &[]).await;
        let key = organization.key(&ci, 90).await;
        let copy = world.copy_table();
        patch_user(&organization, &ci, json!({"name": "build"})).await;
        patch_user(&organization, &ci, json!({"status": "suspended"})).await;
        let lines = archive(world).await;
        world.restore(&copy);
        let replayed = world.replay_archive(&copy, &lines, &[]).await;
        assert_eq!((replayed.code, replayed.ids("suspended")), (2, vec![&*ci]), "{replayed:?}");
        assert_eq!(status_of(&organization, &key).await, "inactive");
    });
}

#[test]
fn an_owner_whom_nobody_replaces_is_reported_first_and_is_the_one_who_was_restricted_least() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut owners =
            vec![organization.owner.get(&organization.user_path("me")).await.expect(200)["user_id"].clone()];
        for name in ["bea", "cleo"] {
            owners.push(json!(organization.join_as(world, name, "owner").await));
        }
        // The ids are random: whoever comes first in their order was deleted in one half of all runs.
        owners.sort_by_key(ToString::to_string);
        let ids: Vec<_> = owners.iter().map(|owner| owner.as_str().unwrap()).collect();
        let copy = world.copy_table();
        organization.join_as(world, "later", "owner").await;
        let later = world.person("later");
        later.patch(&organization.user_path(ids[0]), json!({"kind": "normal"})).await.expect(200);
        later.patch(&organization.user_path(ids[1]), json!({"status": "suspended"})).await.expect(200);
        later.delete(&organization.user_path(ids[2])).await.expect(204);
        let lines = archive(world).await;

        world.restore(&copy);
        let replayed = world.replay_archive(&copy, &lines, &[]).await;
        assert_eq!(replayed.code, 2, "{replayed:?}");
        let first = &replayed.lines[0];
        assert_eq!([&*first[0], &*first[1], &*first[2]], ["unresolved", "organization", &organization.id]);
        assert!(first[4].contains("block these people at the identity provider"), "{first:?}");
        assert!(ids.iter().all(|id| first[4].contains(id)), "{first:?}");
        let statuses: Vec<_> = ids.iter().map(|id| user_status(world, id)).collect();
        assert_eq!(statuses, ["active", "suspended", "deleted"], "{replayed:?}");
    });
}

#[test]
fn of_two_lines_with_one_id_the_one_that_ends_more_is_repeated_and_the_other_one_listed() {
    for is_forged_first in [true, false] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let key = organization.machine_key().await;
            let copy = world.copy_table();
            let revoke = format!("{}/revoke", organization.key_path(&key));
            organization.owner.post(&revoke, json!(null)).await.expect(200);
            let events = world.lifecycle_events().await.unwrap();
            let revoked = events.iter().find(|event| event["detail-type"] == "access_key.revoked").unwrap();
            let mut forged = revoked.clone();
            (forged["detail-type"], forged["detail"]["action"]) =
                (json!("access_key.updated"), json!("access_key.updated"));
            forged["detail"]["effect"] = json!("other");
            let (first, second) = if is_forged_first { (&forged, revoked) } else { (revoked, &forged) };

            world.restore(&copy);
            let replayed = world.replay_archive(&copy, &format!("{first}\n{second}\n"), &[]).await;
            assert_eq!((replayed.code, replayed.ids("unresolved")), (2, vec!["2"]), "{replayed:?}");
            assert_eq!(replayed.ids("revoked"), [key["key_id"].as_str().unwrap()]);
            world.key(token(&key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        });
    }
}

#[test]
fn a_part_of_the_organizations_is_repeated_alone() {
    run(async |world| {
        let (one, other) =
            (world.organization("ada", "strict").await, world.organization("bea", "strict").await);
        let keys = [one.machine_key().await, other.machine_key().await];
        let copy = world.copy_table();
        for (organization, key) in [&one, &other].into_iter().zip(&keys) {
            organization.owner.delete(&organization.key_path(key)).await.expect(204);
        }
        let lines = archive(world).await;
        world.restore(&copy);
        let of_one = ["--organizations", &*one.id];
        let replayed = world.replay_archive(&copy, &lines, &of_one).await;
        assert_eq!((replayed.code, replayed.ids("deleted")), (0, vec![keys[0]["key_id"].as_str().unwrap()]));
        let of_other = ["--organizations", &*other.id];
        let replayed = world.replay(&copy, &of_other).await;
        assert_eq!((replayed.code, replayed.ids("deleted")), (0, vec![keys[1]["key_id"].as_str().unwrap()]));
        assert!(
            replayed.summary.ends_with(&format!("; of the organizations {}… alone", other.id)),
            "{replayed:?}"
        );
        let wrong = world.replay(&copy, &["--organizations", "ORG#"]).await;
        assert!(wrong.code == 2 && wrong.error.contains("1 to 16 letters and digits"), "{wrong:?}");
    });
}

#[test]
fn owners_who_were_restricted_before_the_restored_instant_alone_are_not_reported() {
    run(async |world| {
        world.travel(-60);
        let organization = world.organization("alice", "flexible").await;
        let alice =
            organization.owner.get(&organization.user_path("me")).await.expect(200)["user_id"].clone();
        let bea = organization.join_as(world, "bea", "owner").await;
        for status in ["suspended", "active"] {
            patch_user(&organization, &bea, json!({"status": status})).await;
        }
        for status in ["suspended", "active"] {
            let path = organization.user_path(alice.as_str().unwrap());
            world.person("bea").patch(&path, json!({"status": status})).await.expect(200);
        }
        world.travel(0);
        let copy = world.copy_table();
        patch_user(&organization, &bea, json!({"name": "Bea"})).await;
        patch_user(&organization, alice.as_str().unwrap(), json!({"name": "Ada"})).await;
        let lines = archive(world).await;
        world.restore(&copy);
        let replayed = world.replay_archive(&copy, &lines, &[]).await;
        assert_eq!((replayed.code, replayed.ids("left").len()), (0, 2), "{replayed:?}");
    });
}

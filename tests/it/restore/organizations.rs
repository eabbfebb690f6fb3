//! Organizations that are lost, and those that the restored table cannot tell.

use kit::{DAY, Organization, World, key_of, run};
use serde_json::{Value, json};

async fn suspend(organization: &Organization) {
    organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
}

/// Deletes a suspended organization, a week later.
async fn delete(world: &World, owner: &str, organization: &Organization) {
    world.travel(8 * DAY);
    world.person(owner).delete(&organization.path).await.expect(204);
    world.travel(0);
}

fn last(world: &World, action: &str) -> String {
    world.audit(action).last().unwrap()["audit_id"].as_str().unwrap().to_owned()
}

async fn rename(organization: &Organization) {
    organization.owner.patch(&organization.path, json!({"name": "of the old table"})).await.expect(200);
}

async fn revoke(organization: &Organization, key: &Value) {
    let path = format!("{}/revoke", organization.key_path(key));
    organization.owner.post(&path, json!(null)).await.expect(200);
}

#[test]
fn of_a_lost_organization_what_was_ended_before_is_not_listed() {
    run(async |world| {
        world.organization("ada", "strict").await;
        let copy = world.copy_table();
        let lost = world.organization("bea", "flexible").await;
        let (machine, gone, hidden) =
            (lost.machine("ci").await, lost.machine("gone").await, lost.machine("hidden").await);
        let hidden_event = last(world, "user.created");
        let (kept, revoked) = (lost.key(&machine, 9).await, lost.key(&machine, 9).await);
        revoke(&lost, &revoked).await;
        lost.owner.delete(&lost.user_path(&gone)).await.expect(204);
        super::patch_user(&lost, &hidden, json!({"name": "renamed"})).await;
        let brief = world.organization("cleo", "strict").await;
        suspend(&brief).await;
        delete(world, "cleo", &brief).await;
        let owner = lost.owner.get(&lost.user_path("me")).await.expect(200);

        world.restore(&copy);
        let replayed = world.replay(&copy, &["--except", &hidden_event]).await;
        let mut expected =
            vec![&*lost.id, &*machine, owner["user_id"].as_str().unwrap(), kept["key_id"].as_str().unwrap()];
        expected.sort_unstable();
        assert_eq!((replayed.code, replayed.ids("lost")), (0, expected), "{replayed:?}");
        let others = replayed.lines.iter().filter(|line| line[0] != "lost");
        let ids: Vec<_> = others.map(|line| &*line[2]).collect();
        assert!(ids.is_empty(), "{replayed:?}");
    });
}

#[test]
fn an_organization_that_fails_is_left_out_and_three_in_a_row_end_the_replay() {
    run(async |world| {
        let mut organizations = Vec::new();
        for owner in ["ada", "bea", "cleo", "dora", "emma"] {
            organizations.push(world.organization(owner, "strict").await);
        }
        organizations.sort_by(|one, other| one.id.cmp(&other.id));
        let copy = world.copy_table();
        for organization in &organizations {
            rename(organization).await;
        }
        world.restore(&copy);
        let ids = |positions: &[usize]| -> Vec<&str> {
            positions.iter().map(|position| &*organizations[*position].id).collect()
        };
        // One that cannot be read fails alone.
        let place = format!("ORG#{}", organizations[0].id);
        world.set((&place, "ORG"), "policy", &json!({"S": "none"}));
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.ids("unresolved")), (2, ids(&[0])), "{replayed:?}");
        assert_eq!(replayed.ids("copied"), ids(&[1, 2, 3, 4]));

        let damage = |position: usize| {
            let partition = format!("ORG#{}#AUDIT", organizations[position].id);
            let event = world.partition(&partition, ("0", "~")).remove(0);
            world.set(key_of(&event), "changes", &json!({"S": "none"}));
        };
        world.restore_again(&copy);
        for position in [0, 1, 3, 4] {
            damage(position);
        }
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.ids("unresolved")), (1, ids(&[0, 1, 3, 4])), "{replayed:?}");
        assert_eq!(replayed.ids("copied"), ids(&[2]));
        damage(2);
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.ids("unresolved")), (1, ids(&[0, 1, 2])), "{replayed:?}");
    });
}

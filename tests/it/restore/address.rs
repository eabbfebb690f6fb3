//! Users whose changes depend on each other: addresses that move, and owners who follow one another.

use kit::{DAY, Organization, World, run};
use serde_json::{Value, json};

use super::{
    callers::{Callers, check_nothing_ended_works},
    invariants,
};

async fn patch(organization: &Organization, user_id: &str, body: Value) {
    organization.owner.patch(&organization.user_path(user_id), body).await.expect(200);
}

async fn replay(world: &World, copy: &kit::TableCopy) -> kit::Replayed {
    let replayed = world.replay(copy, &[]).await;
    assert_eq!(replayed.code, 0, "{replayed:?}");
    invariants::check(world);
    let items = world.items().len();
    assert_eq!(world.replay(copy, &[]).await.code, 0);
    assert_eq!(world.items().len(), items, "a second run changes nothing");
    replayed
}

#[test]
fn an_address_that_went_from_one_person_to_another_follows() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        // Whichever id is lower, one of the two waits for the other's address.
        let (ann, ben) = (organization.invite("ann").await, organization.invite("ben").await);
        let (cleo, dora) = (organization.invite("cleo").await, organization.invite("dora").await);
        let copy = world.copy_table();
        for (first, second, free) in [(&ann, &ben, "ann"), (&dora, &cleo, "dora")] {
            patch(&organization, first, json!({"email": format!("new-{free}@example.com")})).await;
            patch(&organization, second, json!({"email": format!("{free}@example.com")})).await;
        }
        let stored = |world: &World, id: &str| world.item(&format!("USER#{id}"), "USER").unwrap();
        let before = [&ann, &ben, &cleo, &dora].map(|id| stored(world, id)["email"].clone());
        world.restore(&copy);
        let replayed = replay(world, &copy).await;
        assert_eq!(replayed.ids("copied").len(), 4);
        assert_eq!([&ann, &ben, &cleo, &dora].map(|id| stored(world, id)["email"].clone()), before);
    });
}

#[test]
fn the_last_owner_leaves_after_the_next_one_is_linked_or_copied() {
    run(async |world| {
        let (invited, created) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        let mut callers = Callers::default();
        let zoe = invited.invite_as("zoe", "owner").await;
        let copy = world.copy_table();
        world.person("zoe").get(&invited.user_path("me")).await.expect(200);
        let yan = created.join_as(world, "yan", "owner").await;
        for (organization, owner, next) in [(&invited, "alice", "zoe"), (&created, "bob", "yan")] {
            callers.add_person(owner, organization);
            callers.add_person(next, organization);
            let path = organization.user_path("me");
            world.person(owner).delete(&path).await.expect(204);
        }
        let rights = callers.rights(world).await;
        world.restore(&copy);
        let replayed = replay(world, &copy).await;
        assert_eq!(
            (replayed.ids("linked"), replayed.ids("created")),
            (vec![zoe.as_str()], vec![yan.as_str()])
        );
        assert_eq!(replayed.ids("deleted").len(), 2);
        assert_eq!(callers.rights(world).await, rights);
    });
}

#[test]
fn a_deleted_organization_is_deleted_again_with_owners_who_had_left() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let mut callers = Callers::default();
        let key = organization.machine_key().await;
        callers.add_key(&key);
        let bob = organization.join_as(world, "bob", "owner").await;
        for person in ["alice", "bob"] {
            callers.add_person(person, &organization);
        }
        let copy = world.copy_table();
        patch(&organization, &bob, json!({"kind": "normal"})).await;
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        world.travel(8 * DAY);
        world.person("alice").delete(&organization.path).await.expect(204);
        world.travel(0);
        // A key of another organization lets the authorizer start anew.
        let other = world.organization("carl", "strict").await.machine_key().await;
        callers.add_key(&other);
        let rights = callers.rights(world).await;
        world.restore(&copy);
        let replayed = replay(world, &copy).await;
        assert!(replayed.ids("deleted").contains(&organization.id.as_str()), "{replayed:?}");
        check_nothing_ended_works(&rights, &callers.rights(world).await);
        world.travel(120);
        world.notify().await;
        assert_eq!(world.items_of("KEY#").len(), 0, "the next run removes what is left");
    });
}

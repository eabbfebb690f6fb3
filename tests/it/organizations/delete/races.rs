//! Deletions of organizations beside other changes, in chosen orders.

use kit::{DAY, Effect, Fault, Item, Service, World, run};
use serde_json::json;

use super::{Doomed, doomed, suspend};

/// The first transaction of the next request that changes or deletes the organization.
const WRITE: (&str, &str, u64) = ("manage-organization", "TransactWriteItems", 1);

#[test]
fn a_deletion_and_a_lifting_at_once_have_one_winner() {
    for held in ["DELETE", "PATCH"] {
        run(async |world| {
            let doomed = doomed(world, "alice").await;
            world.travel(7 * DAY + 60);
            let (owner, path) = (doomed.owner(world), &doomed.organization.path);
            let delete = async || owner.delete(path).await;
            let lift = async || owner.patch(path, json!({"status": "active"})).await;
            if held == "DELETE" {
                let (deleted, lifted) = world.while_held(WRITE, delete(), lift()).await;
                lifted.expect(200);
                deleted.expect_problem(409, "conflict");
                assert_eq!((doomed.events(world), doomed.items(world).is_empty()), (0, false));
            } else {
                let (lifted, deleted) = world.while_held(WRITE, lift(), delete()).await;
                deleted.expect(204);
                lifted.expect_problem(404, "not_found");
                assert_eq!((doomed.events(world), doomed.items(world).is_empty()), (1, true));
            }
        });
    }
}

#[test]
fn an_owner_who_signs_in_during_the_deletion_stops_it() {
    run(async |world| stop_deletion(world, false).await);
}

#[test]
fn an_owner_who_leaves_during_the_deletion_deletes_nothing() {
    run(async |world| stop_deletion(world, true).await);
}

/// Makes an organization that may be deleted, and to which bob is invited as an owner.
async fn doomed_with_invited_owner(world: &World) -> Doomed {
    let doomed = doomed(world, "alice").await;
    let owner = &doomed.organization.owner;
    owner.patch(&doomed.organization.path, json!({"status": "active"})).await.expect(200);
    doomed.organization.invite_as("bob", "owner").await;
    suspend(owner, &doomed.organization).await;
    world.travel(7 * DAY + 60);
    doomed
}

/// Lets another owner sign in while the deletion is about to be stored, and the first one leave.
async fn stop_deletion(world: &World, leaves: bool) {
    let doomed = doomed_with_invited_owner(world).await;
    let (owner, path) = (doomed.owner(world), &doomed.organization.path);
    let sign_in = async {
        let shown = world.person("bob").get(path).await;
        if leaves {
            owner.delete(&doomed.organization.user_path("me")).await.expect(204);
        }
        shown
    };
    let (deleted, shown) = world.while_held(WRITE, owner.delete(path), sign_in).await;
    shown.expect(200);
    deleted.expect_problem(409, "conflict");
    assert_eq!(doomed.events(world), 0);
    assert_eq!(world.person("bob").get(path).await.expect(200)["status"], "suspended");
}

#[test]
fn a_removal_that_another_one_overtakes_tells_nobody_twice_and_brings_nobody_back() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "bob", "normal").await;
        suspend(&organization.owner, &organization).await;
        world.travel(7 * DAY + 60);
        // The first transaction is the mark. The second one tells bob.
        let second = ("manage-organization", "TransactWriteItems", 2);
        let alice = world.person("alice");
        let delete = async || alice.delete(&organization.path).await;
        let (late, early) = world.while_held(second, delete(), delete()).await;
        early.expect(204);
        late.expect(204);
        assert_eq!(world.items_of("USER"), [] as [Item; 0]);
        assert_eq!(world.items_of("PARTING#").len(), 1, "bob hears of it once");
    });
}

#[test]
fn an_invited_owner_is_not_linked_to_an_organization_that_is_marked_as_deleted() {
    run(async |world| {
        let doomed = doomed_with_invited_owner(world).await;
        let (owner, path) = (doomed.owner(world), &doomed.organization.path);
        let delete = async {
            // The mark alone is stored.
            let mark = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
            world.stack.faults().add(mark.function("manage-organization"));
            owner.delete(path).await.expect(500);
        };
        let bob = world.person("bob");
        let link = ("authorize-request", "TransactWriteItems", 1);
        let (shown, ()) = world.while_held(link, bob.get(path), delete).await;
        shown.expect_forbidden_by_gateway();
        assert_eq!((doomed.events(world), world.audit("user.linked").len()), (1, 0));
        world.travel(7 * DAY + 200);
        assert_eq!(world.notify().await["failed"], 0);
        let left: Vec<_> = doomed.items(world);
        assert_eq!(left, Vec::<Item>::new(), "bob owns nothing of it");
    });
}

//! Users whose changes depend on each other: addresses that move, and owners who follow one another.

use kit::{DAY, Organization, Replayed, World};
use serde_json::{Value, json};

use super::{callers::Callers, patch_user};

const NAMES: [&str; 4] = ["ann", "ben", "cleo", "dora"];

/// Four people of whom two take over the addresses of the others.
pub(super) struct Exchange {
    organization: Organization,
    people: Vec<String>,
}

impl Exchange {
    pub(super) async fn begin(world: &World) -> Self {
        let organization = world.organization("ada", "strict").await;
        let mut people = Vec::new();
        for name in NAMES {
            people.push(organization.invite(name).await);
        }
        Self { organization, people }
    }

    /// Users are copied in the order of their ids. In the second pair the first to be copied waits for the other's address.
    pub(super) async fn change(&self) {
        let mut people = self.people.clone();
        people.sort();
        let name = |id: &String| NAMES[self.people.iter().position(|one| one == id).unwrap()];
        for (leaves, takes) in [(0, 1), (3, 2)] {
            let free = name(&people[leaves]);
            patch_user(
                &self.organization,
                &people[leaves],
                json!({"email": format!("new-{free}@example.com")}),
            )
            .await;
            patch_user(&self.organization, &people[takes], json!({"email": format!("{free}@example.com")}))
                .await;
        }
    }

    pub(super) fn addresses(&self, world: &World) -> Vec<Value> {
        let stored = |id: &String| world.item(&format!("USER#{id}"), "USER").unwrap()["email"].clone();
        self.people.iter().map(stored).collect()
    }
}

/// Two organizations whose only owner leaves: the next one is invited, or does not exist yet.
pub(super) struct Successors {
    invited: Organization,
    created: Organization,
    zoe: String,
}

impl Successors {
    pub(super) async fn begin(world: &World) -> Self {
        let (invited, created) =
            (world.organization("bea", "strict").await, world.organization("bob", "strict").await);
        let zoe = invited.invite_as("zoe", "owner").await;
        Self { invited, created, zoe }
    }

    /// Returns the id of the owner who is created.
    pub(super) async fn change(&self, world: &World, callers: &mut Callers) -> String {
        world.person("zoe").get(&self.invited.user_path("me")).await.expect(200);
        let yan = self.created.join_as(world, "yan", "owner").await;
        for (organization, owner, next) in [(&self.invited, "bea", "zoe"), (&self.created, "bob", "yan")] {
            callers.add_person(owner, organization);
            callers.add_person(next, organization);
            world.person(owner).delete(&organization.user_path("me")).await.expect(204);
        }
        yan
    }

    pub(super) fn check(&self, replayed: &Replayed, yan: &str) {
        assert_eq!((replayed.ids("linked"), replayed.ids("created")), (vec![&*self.zoe], vec![yan]));
    }
}

/// An organization that is deleted after one of its two owners is one no longer.
pub(super) struct Deletion {
    organization: Organization,
    bob: String,
}

impl Deletion {
    pub(super) async fn begin(world: &World, callers: &mut Callers) -> Self {
        let organization = world.organization("carl", "strict").await;
        callers.add_key(&organization.machine_key().await);
        let bob = organization.join_as(world, "bob", "owner").await;
        for person in ["carl", "bob"] {
            callers.add_person(person, &organization);
        }
        Self { organization, bob }
    }

    pub(super) async fn change(&self, world: &World) {
        patch_user(&self.organization, &self.bob, json!({"kind": "normal"})).await;
        let suspended = json!({"status": "suspended"});
        self.organization.owner.patch(&self.organization.path, suspended).await.expect(200);
        world.travel(8 * DAY);
        world.person("carl").delete(&self.organization.path).await.expect(204);
        world.travel(0);
    }

    pub(super) fn id(&self) -> &str {
        &self.organization.id
    }
}

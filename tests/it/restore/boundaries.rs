//! Events near the restored instant: it is the event that counts, and not its second.

use kit::{Organization, Replayed, World};
use serde_json::{Value, json};

use super::callers::Callers;

/// A key that is renamed and rotated in one second, before and after the copy; one whose revocation began before the copy;
/// one whose deletion was a mistake.
pub(super) struct Boundary {
    organization: Organization,
    rotated: Value,
    revoked: Value,
}

impl Boundary {
    pub(super) async fn begin(world: &World, callers: &mut Callers) -> Self {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let (rotated, revoked) = (organization.key(&machine, 90).await, organization.key(&machine, 90).await);
        callers.add_key(&rotated);
        callers.add_key(&revoked);
        let renamed = json!({"name": "renamed in this second"});
        organization.owner.patch(&organization.key_path(&rotated), renamed).await.expect(200);
        Self { organization, rotated, revoked }
    }

    pub(super) async fn change(&self, world: &World, callers: &mut Callers) {
        let Self { organization, rotated, revoked } = self;
        let rotate = format!("{}/rotate", organization.key_path(rotated));
        callers.add_key(&organization.owner.post(&rotate, json!(null)).await.expect(200));
        // This request began minutes before the restored instant, and was stored after it.
        world.travel(-600);
        let revoke = format!("{}/revoke", organization.key_path(revoked));
        world.person("alice").post(&revoke, json!(null)).await.expect(200);
        world.travel(0);
    }

    /// Lets the change before the copy have the second of the one after it.
    pub(super) fn move_to_one_second(&self, world: &World) {
        let key_id = self.id();
        let rotated = world.item(&format!("USER#{}", &key_id[..12]), &format!("KEY#{}", &key_id[12..]));
        let second = rotated.unwrap()["updated_at"].as_i64().unwrap() + 60;
        let place = (&*format!("USER#{}", &key_id[..12]), &*format!("KEY#{}", &key_id[12..]));
        world.update(place, "SET #attribute = :value", "updated_at", &json!({"N": second.to_string()}));
    }

    fn id(&self) -> &str {
        self.rotated["key_id"].as_str().unwrap()
    }

    pub(super) fn check(&self, replayed: &Replayed) {
        assert!(replayed.ids("switched_off").contains(&self.id()), "{replayed:?}");
        assert_eq!(replayed.ids("revoked"), [self.revoked["key_id"].as_str().unwrap()]);
    }

    /// Tells whether a caller, who came at the end of the old table, does not any more.
    pub(super) fn ends(&self, caller: &str) -> bool {
        caller.contains(self.id())
    }
}

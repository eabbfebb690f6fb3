//! Items that cannot be read in the old table: the keys concerned are switched off and listed.

use kit::{Organization, Replayed, World};
use serde_json::json;

use super::{callers::Callers, patch_user};

/// Two organizations: one with a role and users that cannot be read, and one that cannot be read itself.
pub(super) struct Unreadable {
    organization: Organization,
    other: Organization,
    /// The keys that are switched off, in order.
    keys: Vec<String>,
    /// A machine and a person, in order.
    users: Vec<String>,
}

impl Unreadable {
    pub(super) async fn begin(world: &World, callers: &mut Callers) -> Self {
        let organization = world.organization("una", "flexible").await;
        organization.role("broken", &["a:*"]).await;
        organization.role("whole", &["b"]).await;
        let group = format!("{}/groups/through", organization.path);
        organization.owner.put(&group, json!({"roles": ["broken"]})).await.expect(200);
        let mut users = Vec::new();
        for (name, roles) in
            [("carries", &["broken"][..]), ("through", &[]), ("changed", &["whole"]), ("whole", &["whole"])]
        {
            users.push(organization.machine_with(name, roles).await);
        }
        patch_user(&organization, &users[1], json!({"groups": ["through"]})).await;
        let mut keys = Vec::new();
        for user in &users {
            let key = organization.key(user, 90).await;
            callers.add_key(&key);
            keys.push(key["key_id"].as_str().unwrap().to_owned());
        }
        keys.truncate(3);
        let person = organization.join_as(world, "bert", "normal").await;
        patch_user(&organization, &person, json!({"roles": ["whole", "broken"]})).await;
        callers.add_person("bert", &organization);
        let other = world.organization("ugo", "strict").await;
        let key = other.machine_key().await;
        callers.add_key(&key);
        keys.push(key["key_id"].as_str().unwrap().to_owned());
        keys.sort();
        callers.add_person("ugo", &other);
        let mut users = vec![users.remove(2), person];
        users.sort();
        Self { organization, other, keys, users }
    }

    pub(super) async fn change(&self) {
        let Self { organization, other, users, .. } = self;
        organization.role("broken", &["a:b"]).await;
        for user in users {
            patch_user(organization, user, json!({"roles": []})).await;
        }
        other.owner.patch(&other.path, json!({"policy": {"quota": {"machine": 0}}})).await.expect(200);
    }

    pub(super) fn break_old_table(&self, world: &World) {
        let partition = format!("ORG#{}", self.organization.id);
        world.set_in_old_table((&partition, "ROLE#broken"), "permissions", &json!({"N": "1"}));
        for user in &self.users {
            world.set_in_old_table((&format!("USER#{user}"), "USER"), "kind", &json!({"S": "robot"}));
        }
        world.set_in_old_table((&format!("ORG#{}", self.other.id), "ORG"), "policy", &json!({"S": "none"}));
    }

    pub(super) fn check(&self, replayed: &Replayed) {
        let off = replayed.ids("switched_off");
        assert!(self.keys.iter().all(|key| off.contains(&key.as_str())) && off.len() == 6, "{replayed:?}");
        assert_eq!(replayed.ids("suspended"), self.users);
        assert!(replayed.ids("deleted").contains(&"broken"), "{replayed:?}");
        let mut unresolved = vec![self.other.id.as_str(), "broken"];
        unresolved.extend(self.users.iter().map(String::as_str));
        unresolved.sort_unstable();
        assert_eq!(replayed.ids("unresolved"), unresolved);
    }

    /// Tells whether a caller, who came at the end of the old table, does not any more.
    pub(super) fn ends(&self, caller: &str) -> bool {
        caller.starts_with("bert ") || self.keys.iter().any(|key| caller.contains(key.as_str()))
    }
}

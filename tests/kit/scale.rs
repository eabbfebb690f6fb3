//! Many users and keys at once: copies of one user, written straight to the table.

use std::collections::HashMap;

use local::dynoxide::{AttributeValue, ImportOptions};

use crate::World;

type Stored = HashMap<String, AttributeValue>;

impl World {
    /// Stores copies of a user and its keys, each copy under a user id of its own, which begins as the
    /// user's own does.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    pub fn copy_user(&self, user_id: &str, copies: usize) {
        self.copy_partition("USER", user_id, copies);
    }

    /// Stores copies of a session, each copy under a hash of its own.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    pub fn copy_session(&self, hash: &str, copies: usize) {
        self.copy_partition("SESSION", hash, copies);
    }

    fn copy_partition(&self, kind: &str, id: &str, copies: usize) {
        let originals = self.stored_in(&format!("{kind}#{id}"));
        let copy = |number: usize, original: &String| original.replace(id, &copied(id, number));
        self.import((0..copies).flat_map(|number| originals.iter().map(move |item| copy(number, item))));
    }

    /// Stores copies of a key of a user, each copy under a key id of its own. Their secrets do not work.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    pub fn copy_key(&self, key_id: &str, copies: usize) {
        let (user_id, suffix) = key_id.split_at(12);
        let mut originals = self.stored_in(&format!("USER#{user_id}"));
        originals.retain(|item| item.contains(&format!("KEY#{suffix}")));
        let original = originals.pop().expect("the key is stored");
        let copy = |number| original.replace(suffix, &copied(suffix, number));
        self.import((0..copies).map(copy));
    }

    /// Stores copies of an organization's own items and of these users, each copy under ids of its own.
    ///
    /// Returns the ids of each copy: of the organization, and then of its users.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    #[must_use]
    pub fn copy_organization(
        &self,
        organization_id: &str,
        user_ids: &[&str],
        copies: usize,
    ) -> Vec<Vec<String>> {
        let mut originals = self.stored_in(&format!("ORG#{organization_id}"));
        originals.extend(user_ids.iter().flat_map(|user_id| self.stored_in(&format!("USER#{user_id}"))));
        let ids: Vec<&str> = [organization_id].iter().chain(user_ids).copied().collect();
        let copy = |number: usize, original: &String| {
            ids.iter().fold(original.clone(), |copy, id| copy.replace(id, &copied(id, number)))
        };
        self.import((0..copies).flat_map(|number| originals.iter().map(move |item| copy(number, item))));
        (0..copies).map(|number| ids.iter().map(|id| copied(id, number)).collect()).collect()
    }

    /// Reads the items of a partition as JSON.
    fn stored_in(&self, partition: &str) -> Vec<String> {
        let database = self.stack.database().expect("the engine is in this process");
        let request = serde_json::json!({
            "TableName": self.table(), "KeyConditionExpression": "PK = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
        });
        let request = serde_json::from_value(request).expect("the query is well-formed");
        let items = database.query(request).expect("the table can be read").items.unwrap_or_default();
        items.iter().map(|item| serde_json::to_string(item).expect("items are JSON")).collect()
    }

    fn import(&self, items: impl Iterator<Item = String>) {
        let database = self.stack.database().expect("the engine is in this process");
        let items = items.map(|item| serde_json::from_str::<Stored>(&item).expect("a copy is an item"));
        let stored = database.import_items(&self.table(), items.collect(), ImportOptions::default());
        stored.expect("the copies can be stored");
    }
}

/// Returns the id of a copy: as long as the original, and with the same begin.
fn copied(id: &str, number: usize) -> String {
    format!("{}{number:0width$}", &id[..4], width = id.len() - 4)
}

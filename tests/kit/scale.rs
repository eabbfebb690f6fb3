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
        let database = self.stack.database().expect("the engine is in this process");
        let request = serde_json::json!({
            "TableName": "access-keys", "KeyConditionExpression": "PK = :partition",
            "ExpressionAttributeValues": {":partition": {"S": format!("USER#{user_id}")}},
        });
        let request = serde_json::from_value(request).expect("the query is well-formed");
        let items = database.query(request).expect("the table can be read").items.unwrap_or_default();
        let originals: Vec<String> =
            items.iter().map(|item| serde_json::to_string(item).expect("items are JSON")).collect();
        let copy = |number: usize, original: &String| -> Stored {
            let text = original.replace(user_id, &format!("{}{number:08}", &user_id[..4]));
            serde_json::from_str(&text).expect("a copy is an item")
        };
        let items =
            (0..copies).flat_map(|number| originals.iter().map(move |item| copy(number, item))).collect();
        let stored = database.import_items("access-keys", items, ImportOptions::default());
        stored.expect("the copies can be stored");
    }
}

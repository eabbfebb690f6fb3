use std::collections::HashMap;

use local::dynoxide::{AttributeValue, ImportOptions, actions::scan::ScanRequest};

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
        let request = ScanRequest { table_name: "access-keys".to_owned(), ..ScanRequest::default() };
        let all = database.scan(request).expect("the table can be read").items.unwrap_or_default();
        let of_user = |item: &&Stored| matches!(&item["PK"], AttributeValue::S(partition) if partition.ends_with(&format!("#{user_id}")));
        let originals: Vec<String> = all
            .iter()
            .filter(of_user)
            .map(|item| serde_json::to_string(item).expect("items are JSON"))
            .collect();
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

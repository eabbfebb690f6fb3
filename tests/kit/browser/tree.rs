//! The page as a screen reader meets it.

use serde_json::json;

use super::Browser;

const WRITE: &str = include_str!("tree.js");

impl Browser<'_> {
    /// Returns the accessibility tree as text: a line for each thing, with its role, its name and its state. Ids and times are
    /// redacted. At the end stand the links of the page and section that are shown.
    ///
    /// # Panics
    /// When the browser has no tree.
    pub async fn tree(&self) -> String {
        // What the page just changed is in the next tree only.
        self.command("POST", "/execute/async", json!({"script": "requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()))", "args": []}))
            .await;
        let tree = self.cdp("Accessibility.getFullAXTree", json!({})).await;
        let text = self.run(WRITE, json!([tree["nodes"]])).await;
        text.as_str().expect("a page has a tree").to_owned()
    }
}

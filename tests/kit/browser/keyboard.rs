//! The keyboard and the clipboard.

use std::sync::PoisonError;

use serde_json::{Value, json};

use super::Browser;

/// Keys by the numbers that `WebDriver` gives them.
const KEYS: [(&str, &str); 13] = [
    ("Tab", "\u{e004}"),
    ("Enter", "\u{e007}"),
    ("Shift", "\u{e008}"),
    ("Control", "\u{e009}"),
    ("Escape", "\u{e00c}"),
    ("Space", " "),
    ("End", "\u{e010}"),
    ("Home", "\u{e011}"),
    ("Left", "\u{e012}"),
    ("Up", "\u{e013}"),
    ("Right", "\u{e014}"),
    ("Down", "\u{e015}"),
    ("Backspace", "\u{e003}"),
];

impl Browser<'_> {
    /// Presses keys one after the other: `Tab`, `Enter`, or `Control+v` together.
    pub async fn press(&self, keys: &[&str]) {
        for chord in keys {
            let parts: Vec<_> = chord.split('+').map(code).collect();
            let down = parts.iter().map(|key| json!({"type": "keyDown", "value": key}));
            let up = parts.iter().rev().map(|key| json!({"type": "keyUp", "value": key}));
            self.keys(down.chain(up).collect()).await;
        }
    }

    /// Types a text where the focus is.
    pub async fn write(&self, text: &str) {
        let each = text.chars().flat_map(|letter| {
            ["keyDown", "keyUp"].map(|action| json!({"type": action, "value": letter.to_string()}))
        });
        self.keys(each.collect()).await;
    }

    /// Presses Tab until the focus is on what has this name.
    ///
    /// # Panics
    /// When 60 times Tab lead nowhere.
    pub async fn tab_to(&self, name: &str) {
        for _ in 0..60 {
            if self.focused().await.starts_with(name) {
                return;
            }
            self.press(&["Tab"]).await;
        }
        panic!("Tab does not lead to {name}, but to {}", self.focused().await);
    }

    /// Waits until the focus is on what has this name.
    pub async fn has_focus(&self, name: &str) {
        self.look("focus", json!([name])).await;
    }

    /// Returns the name of what has the focus.
    pub async fn focused(&self) -> String {
        let script = "const one = document.activeElement; const text = one.getAttribute('aria-label') || [...(one.labels ?? [])].map((label) => label.innerText).join(' ') || one.innerText; return text.replace(/\\s+/g, ' ').trim()";
        self.run(script, json!([])).await.as_str().unwrap_or_default().to_owned()
    }

    /// Pastes the clipboard into a field that is there for it, and returns what it held.
    pub async fn clipboard(&self) -> String {
        let open = "const field = document.createElement('textarea'); field.id = 'pasted'; (document.querySelector('dialog[open]') ?? document.body).append(field); field.focus();";
        self.run(open, json!([])).await;
        self.press(&["Control+v"]).await;
        let close = "const field = document.getElementById('pasted'); const { value } = field; field.remove(); return value;";
        let text = self.run(close, json!([])).await.as_str().unwrap_or_default().to_owned();
        self.pasted.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        text
    }

    /// Allows the page to write to the clipboard, as a person does once.
    pub(super) async fn grant_clipboard(&self) {
        let origin = self.world.stack.url();
        let params = json!({"permissions": ["clipboardSanitizedWrite"], "origin": origin});
        self.cdp("Browser.grantPermissions", params).await;
    }

    async fn keys(&self, actions: Vec<Value>) {
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.command("POST", "/actions", actions).await;
    }
}

fn code(key: &str) -> &str {
    KEYS.iter().find(|(name, _)| *name == key).map_or(key, |(_, code)| code)
}

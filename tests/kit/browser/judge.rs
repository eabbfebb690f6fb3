//! What is wrong with a page: by the rules of WCAG, by its width, by what it keeps and asks.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::Browser;

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/ci-axe/package/axe.min.js");
const RUN: &str = "const done = arguments[arguments.length - 1];
axe.run(document.querySelector('[popover]:popover-open') ?? document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
  .then((result) => done(result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`)), (error) => done([String(error)]));";

impl Browser<'_> {
    /// Sets the width and height of the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", params).await;
    }

    /// Prefers a color scheme: `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.cdp("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Forces the colors of the system on the page, as people who need high contrast do.
    pub async fn force_colors(&self) {
        let features = json!([{"name": "forced-colors", "value": "active"}]);
        self.cdp("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Writes a picture of the window to `target/screenshots`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn screenshot(&self, name: &str) {
        let Ok(picture) = self.try_command("GET", "/screenshot", Value::Null).await else { return };
        let picture = STANDARD.decode(picture.as_str().unwrap_or_default()).expect("a picture is base64");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        fs::create_dir_all(&folder).expect("target can be written");
        fs::write(folder.join(format!("{name}.png")), picture).expect("target can be written");
    }

    /// Judges the page, or the menu that lies on it, by the rules of WCAG 2.2, levels A and AA.
    ///
    /// # Panics
    /// When it breaks one.
    pub async fn is_accessible(&self, state: &str) {
        if self.run("return typeof axe", json!([])).await == "undefined" {
            let axe = fs::read_to_string(AXE).expect("axe-core is there");
            self.run(&axe, json!([])).await;
        }
        let found = self.command("POST", "/execute/async", json!({"script": RUN, "args": []})).await;
        assert_eq!(found, json!([]), "{state}");
    }

    /// Checks that nothing is wider than the window.
    ///
    /// # Panics
    /// When something is.
    pub async fn fits(&self, state: &str) {
        let script = "const most = document.documentElement.clientWidth;
            const inner = [...document.querySelectorAll('.card, .card > table, dialog[open], dialog[open] .body, [popover]:popover-open')].filter((one) => one.scrollWidth > one.clientWidth + 1 || (one.matches('table') && one.offsetWidth > one.parentElement.clientWidth));
            if (inner.length) return inner.map((one) => one.outerHTML.slice(0, 300));
            return document.documentElement.scrollWidth <= most ? [] : [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > most + 1).map((one) => one.outerHTML.slice(0, 120))";
        let wide = self.run(script, json!([])).await;
        assert_eq!(wide, json!([]), "{state} is wider than the window");
    }

    /// Checks that all that one can press is at least 24 pixels wide and high, and 44 high in the bar. Links within a text are free.
    ///
    /// # Panics
    /// When something is smaller.
    pub async fn can_be_pressed(&self, state: &str) {
        let script = "const top = [...document.querySelectorAll('dialog[open], [popover]:popover-open')].at(-1) ?? document.body;
            return [...top.querySelectorAll('button, summary, select, input, textarea, a[href]')].filter((one) => {
              if (!one.checkVisibility({ visibilityProperty: true }) || one.matches('.skip:not(:focus)') || getComputedStyle(one).display === 'inline') return false;
              const box = (one.matches('input') && one.closest('label') || one).getBoundingClientRect();
              const least = one.closest('.bar') ? 44 : 24;
              return box.height < least || box.width < 24;
            }).map((one) => { const box = one.getBoundingClientRect(); return `${Math.round(box.width)} x ${Math.round(box.height)}: ${one.outerHTML.slice(0, 160)}`; })";
        let small = self.run(script, json!([])).await;
        assert_eq!(small, json!([]), "{state}");
    }

    /// Fails where a page kept something, asked another origin or wrote an error; notes the session's id.
    pub(super) async fn check_end(&self) {
        let script = "const kept = [...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie].filter(Boolean);
            const asked = performance.getEntriesByType('resource').map((one) => one.name).filter((url) => !url.startsWith(location.origin));
            return {kept, asked, state: JSON.stringify(history.state), title: document.title, url: location.href, document: document.documentElement.outerHTML}";
        let mut end = self.run(script, json!([])).await;
        let whole = format!("{} {} {} {}", end["document"].take(), end["state"], end["title"], end["url"]);
        self.world.secrets.check_tokens("the page", &whole);
        assert_eq!((&end["kept"], &end["asked"]), (&json!([]), &json!([])));
        let log = self.command("POST", "/se/log", json!({"type": "browser"})).await;
        for entry in log.as_array().into_iter().flatten() {
            let message = entry["message"].as_str().unwrap_or_default();
            self.world.secrets.check_tokens("the browser's log", message);
            // A browser logs each answer above 399; pages expect some.
            assert!(message.contains("Failed to load resource"), "{message}");
        }
        let cookies = self.command("GET", "/cookie", Value::Null).await;
        for cookie in cookies.as_array().into_iter().flatten() {
            if cookie["name"].as_str().is_some_and(|name| name.starts_with("access-keys-")) {
                self.note(cookie["value"].as_str().unwrap_or_default());
            }
        }
    }

    pub(super) async fn cdp(&self, command: &str, params: Value) -> Value {
        self.command("POST", "/goog/cdp/execute", json!({"cmd": command, "params": params})).await
    }
}

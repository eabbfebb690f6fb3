//! The console's own modules, as the browser runs them.

use serde_json::{Value, json};

use super::Browser;

impl Browser<'_> {
    /// Imports a module of the open page, runs a script with it as `module` and with `given`, and returns its result.
    ///
    /// # Panics
    /// When the module cannot be loaded, or the script throws.
    pub async fn with_module(&self, path: &str, script: &str, given: Value) -> Value {
        let script = format!(
            "const [path, given] = arguments; const done = arguments[arguments.length - 1];
            const main = document.querySelector('script[type=module]').src;
            import(new URL(path, main)).then((module) => {{ {script} }})
                .then((value) => done({{ value }}), (error) => done({{ error: `${{error}}` }}));"
        );
        let body = json!({"script": script, "args": [path, given]});
        let mut answer = self.command("POST", "/execute/async", body).await;
        assert_eq!(answer["error"], json!(null), "{path}");
        answer["value"].take()
    }

    /// Lives in a time zone, such as `Pacific/Auckland`.
    pub async fn lives_in(&self, zone: &str) {
        self.cdp("Emulation.setTimezoneOverride", json!({"timezoneId": zone})).await;
    }

    /// Pages loaded from now on do nothing each minute by themselves: `minutesPass(5)` in the page moves its clock by five minutes,
    /// and then does it once.
    pub async fn holds_minutes(&self) {
        let source = "{
            const [now, repeat, work] = [Date.now, setInterval, []];
            let passed = 0;
            Date.now = () => now() + passed * 60000;
            window.setInterval = (run, every) => (every === 60000 ? work.push(run) : repeat(run, every));
            window.minutesPass = (count) => { passed += count; for (const run of work) run(); };
        }";
        self.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": source})).await;
    }

    /// Refuses to load what these patterns name, such as `*/pages/users.js`; none: loads everything again.
    pub async fn blocks(&self, urls: &[&str]) {
        self.cdp("Network.enable", json!({})).await;
        self.cdp("Network.setBlockedURLs", json!({"urls": urls})).await;
    }

    /// Forgets the files that the browser has kept.
    pub async fn forget_files(&self) {
        self.cdp("Network.clearBrowserCache", json!({})).await;
    }
}

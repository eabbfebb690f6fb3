//! A person's browser: Chromium, spoken to by W3C `WebDriver`. It finds things as people do, by what is written on them.

mod driver;
mod judge;
mod keyboard;
mod module;
mod tree;

use std::sync::Mutex;

use serde_json::{Value, json};

use self::driver::{DriverError, Lease};
use crate::{Options, World, run_with, with_console};

const PAGE: &str = include_str!("browser/page.js");

/// The member that names an element in what the driver answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How often a command is repeated that met a page in the middle of a change.
const REPEATS: usize = 40;

/// A browser with one window open, of somebody who is not signed in.
#[derive(Debug)]
pub struct Browser<'w> {
    world: &'w World,
    lease: Lease,
    http: reqwest::Client,
    /// What the person pasted so far.
    pasted: Mutex<Vec<String>>,
}

/// Runs a test in a browser, against a world of its own whose console people can sign in to.
///
/// # Panics
/// When the test does; when a page wrote an error to the console, kept anything, or asked another origin.
pub fn browse(test: impl AsyncFnOnce(&World, &Browser<'_>)) {
    browse_with(with_console(), test);
}

/// Does the same in a world with these options.
///
/// # Panics
/// As [`browse`] does.
pub fn browse_with(options: Options, test: impl AsyncFnOnce(&World, &Browser<'_>)) {
    let mut lease = driver::lease();
    run_with(options, async |world| {
        let http = reqwest::Client::new();
        lease.start(&http).await;
        let browser = Browser { world, lease, http, pasted: Mutex::default() };
        browser.grant_clipboard().await;
        browser.resize(1280, 900).await;
        browser.prefer("light").await;
        test(world, &browser).await;
        browser.check_end().await;
    });
}

impl Browser<'_> {
    /// Opens a path of the console and waits until the page is drawn.
    pub async fn open(&self, path: &str) {
        self.visit(&format!("{}{path}", self.world.stack.url())).await;
    }

    /// Opens a URL.
    pub async fn visit(&self, url: &str) {
        self.command("POST", "/url", json!({"url": url})).await;
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.command("POST", "/refresh", json!({})).await;
    }

    /// Goes back in the history.
    pub async fn back(&self) {
        self.command("POST", "/back", json!({})).await;
    }

    /// Opens a page of the console as somebody who signs in on the way.
    pub async fn sign_in(&self, person: &str, path: &str) {
        self.open(path).await;
        self.fill("Name", person).await;
        self.fill("E-mail", &format!("{person}@example.com")).await;
        self.click("Sign in").await;
        self.ready().await;
    }

    /// Waits until the page shows what it loads.
    pub async fn ready(&self) {
        self.look("ready", json!([])).await;
    }

    /// Clicks the one button, link, menu entry or box of this name, in what lies on top.
    pub async fn click(&self, name: &str) {
        self.act("click", name, "click", json!({})).await;
    }

    /// Opens a row's menu and chooses an entry.
    pub async fn choose(&self, row: &str, entry: &str) {
        self.click(&format!("Actions for {row}")).await;
        self.click(entry).await;
    }

    /// Writes into the field of this label, in the place of what stands there.
    ///
    /// All of it is selected and typed over, as people do: a field that the driver clears tells the page nothing, so a
    /// repaint in between would bring the old text back.
    pub async fn fill(&self, label: &str, text: &str) {
        const SELECT_ALL: &str = "\u{e009}a\u{e000}";
        const BACKSPACE: &str = "\u{e003}";
        let typed = if text.is_empty() { BACKSPACE } else { text };
        self.act("field", label, "value", json!({"text": format!("{SELECT_ALL}{typed}")})).await;
    }

    /// Sets a field whose keys depend on the language of the browser, such as a date.
    pub async fn set(&self, label: &str, value: &str) {
        let element = self.look("find", json!(["field", label])).await;
        let script = "arguments[0].value = arguments[1]; for (const name of ['input', 'change']) arguments[0].dispatchEvent(new Event(name, {bubbles: true}));";
        self.run(script, json!([element, value])).await;
    }

    /// Waits until a text can be read anywhere on the page.
    pub async fn sees(&self, text: &str) {
        self.look("text", json!([text])).await;
    }

    /// Waits until a text can be read in what lies on top.
    pub async fn sees_on_top(&self, text: &str) {
        self.look("on", json!([text])).await;
    }

    /// Waits until a text can be read no more.
    pub async fn sees_no(&self, text: &str) {
        self.look("gone", json!([text])).await;
    }

    /// Waits until the address is this path, with its query.
    pub async fn is_at(&self, path: &str) {
        self.look("path", json!([path])).await;
    }

    /// Waits for a row of a table; returns its cells by the names of the columns.
    pub async fn row(&self, name: &str) -> Value {
        self.look("row", json!([name])).await
    }

    /// Returns all that can be read on the page.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body.innerText", json!([])).await;
        text.as_str().expect("a page has a text").to_owned()
    }

    /// Returns the whole document, with what is not shown.
    pub async fn document(&self) -> String {
        let text = self.run("return document.documentElement.outerHTML", json!([])).await;
        text.as_str().expect("a page has a document").to_owned()
    }

    /// Returns an attribute of the one thing of this name.
    pub async fn attribute(&self, name: &str, attribute: &str) -> String {
        let element = self.look("find", json!(["click", name])).await;
        let value = self.run("return arguments[0].getAttribute(arguments[1])", json!([element, attribute]));
        value.await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the button of this name within what a selector names, where the page has the name twice.
    pub async fn click_in(&self, selector: &str, name: &str) {
        let script = "return [...document.querySelectorAll(`${arguments[0]} button`)].find((one) => (one.getAttribute('aria-label') ?? one.innerText.replace(/\\s+/g, ' ').trim()) === arguments[1])";
        let button = self.run(script, json!([selector, name])).await;
        let path = format!("/element/{}/click", button[ELEMENT].as_str().unwrap_or_default());
        self.command("POST", &path, json!({})).await;
    }

    /// Tells whether the box or switch of this name is ticked.
    pub async fn checked(&self, name: &str) -> bool {
        let element = self.look("find", json!(["click", name])).await;
        self.run("return arguments[0].checked", json!([element])).await == true
    }

    /// Returns what stands in the field of this label.
    pub async fn value(&self, label: &str) -> String {
        let element = self.look("find", json!(["field", label])).await;
        let value = self.run("return arguments[0].value", json!([element])).await;
        value.as_str().expect("a field has a value").to_owned()
    }

    /// Opens a path in a tab of its own.
    pub async fn open_tab(&self, path: &str) {
        let tab = self.command("POST", "/window/new", json!({"type": "tab"})).await;
        self.command("POST", "/window", json!({"handle": tab["handle"]})).await;
        self.resize(1280, 900).await;
        self.open(path).await;
    }

    /// Shows the tab of this number, from 0.
    pub async fn show_tab(&self, number: usize) {
        let tabs = self.command("GET", "/window/handles", Value::Null).await;
        self.command("POST", "/window", json!({"handle": tabs[number]})).await;
    }

    /// Runs a script in the page and returns its result.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        self.command("POST", "/execute/sync", json!({"script": script, "args": arguments})).await
    }

    /// Takes note of a secret that the page shows: from now on it may stand nowhere else.
    pub fn note(&self, secret: &str) {
        self.world.secrets.note(secret);
    }

    /// Waits for something on the page.
    async fn look(&self, what: &str, given: Value) -> Value {
        let body = json!({"script": PAGE, "args": [what, given]});
        for _ in 0..REPEATS {
            match self.try_command("POST", "/execute/async", body.clone()).await {
                Ok(Value::Null) => break,
                Ok(found) => return found,
                Err(error) if is_passing(&error) => {}
                Err(error) => self.fail(&format!("{what} {given}: {error:?}")).await,
            }
        }
        self.fail(&format!("the page has not: {what} {given}")).await
    }

    async fn act(&self, kind: &str, name: &str, command: &str, body: Value) {
        for _ in 0..REPEATS {
            let found = self.look("find", json!([kind, name])).await;
            let path = format!("/element/{}/{command}", found[ELEMENT].as_str().unwrap_or_default());
            match self.try_command("POST", &path, body.clone()).await {
                Ok(_) => return,
                Err(error) if is_passing(&error) => {}
                Err(error) => self.fail(&format!("{command} {name}: {error:?}")).await,
            }
        }
        self.fail(&format!("{name} cannot be reached by {command}")).await;
    }

    async fn command(&self, method: &str, path: &str, body: Value) -> Value {
        match self.try_command(method, path, body).await {
            Ok(value) => value,
            Err(error) => self.fail(&format!("{path}: {error:?}")).await,
        }
    }

    async fn try_command(&self, method: &str, path: &str, body: Value) -> Result<Value, DriverError> {
        self.lease.call(&self.http, method, path, body).await
    }

    /// Ends the test with what the page shows.
    async fn fail(&self, what: &str) -> ! {
        let script = json!({"script": "return location.href + '\\n' + document.body.innerText", "args": []});
        let page = self.try_command("POST", "/execute/sync", script).await;
        let name = std::thread::current().name().unwrap_or("unnamed").replace("::", "-");
        self.screenshot(&format!("failed-{name}")).await;
        let page = page.ok().and_then(|page| page.as_str().map(str::to_owned)).unwrap_or_default();
        panic!("{what}\n--- the page:\n{page}")
    }
}

/// Tells whether the page changed under the command, so that it is worth repeating.
fn is_passing(error: &DriverError) -> bool {
    // A script that a navigation ends is said to have taken too long.
    let passing = [
        "stale element reference",
        "element click intercepted",
        "element not interactable",
        "no such element",
        "script timeout",
    ];
    passing.contains(&error.code.as_str())
        || ["document unloaded", "aborted by navigation", "context", "detached"]
            .iter()
            .any(|text| error.message.contains(text))
}

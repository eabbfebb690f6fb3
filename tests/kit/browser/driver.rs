//! `ChromeDriver`, one for all tests of a process, and its sessions, which tests use one after the other.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Condvar, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

/// Browsers that run at the same time. Each has some ten processes.
const TOGETHER: usize = 2;

/// The driver's requests wait for pages and scripts, which have time limits of their own.
const REQUEST: Duration = Duration::from_mins(1);

static DRIVER: LazyLock<Driver> = LazyLock::new(Driver::start);
static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), leased: 0 });
static RETURNED: Condvar = Condvar::new();

#[derive(Debug)]
struct Pool {
    idle: Vec<String>,
    leased: usize,
}

#[derive(Debug)]
struct Driver {
    url: String,
    /// Its input ends with this process, and `ChromeDriver` with its input, and browsers with `ChromeDriver`.
    _shell: Child,
    _output: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    fn start() -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", "\"$0\" --port=0 & read -r _; kill $!", env!("CHROMEDRIVER")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ChromeDriver starts");
        let output = shell.stdout.take().expect("the output is a pipe");
        let mut output = BufReader::new(output).lines();
        let port = output.find_map(|line| {
            let line = line.ok()?;
            line.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("ChromeDriver says its port");
        Self { url: format!("http://127.0.0.1:{port}"), _shell: shell, _output: output }
    }
}

/// The right to use a browser. A test that fails leaves none behind.
#[derive(Debug)]
pub(super) struct Lease {
    session: Option<String>,
}

/// Waits until a browser is free.
pub(super) fn lease() -> Lease {
    let pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = RETURNED.wait_while(pool, |pool| pool.leased == TOGETHER);
    let mut pool = waited.unwrap_or_else(PoisonError::into_inner);
    pool.leased += 1;
    Lease { session: pool.idle.pop() }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.leased -= 1;
        if !std::thread::panicking() {
            pool.idle.extend(self.session.take());
        }
        RETURNED.notify_one();
    }
}

/// An error of `WebDriver`: its code and message.
#[derive(Debug)]
pub(super) struct DriverError {
    pub(super) code: String,
    pub(super) message: String,
}

impl Lease {
    /// Starts a browser, or clears the one that a test before left.
    pub(super) async fn start(&mut self, http: &reqwest::Client) {
        if self.session.is_none() {
            let arguments = [
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--force-prefers-reduced-motion",
                "--lang=en-GB",
                "--remote-debugging-pipe",
            ];
            let wanted = json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": arguments},
                "goog:loggingPrefs": {"browser": "ALL"},
                "unhandledPromptBehavior": "ignore",
                "timeouts": {"script": 30_000, "pageLoad": 30_000},
            }}});
            let session = send(http, "POST", "/session", &wanted).await.expect("a browser starts");
            self.session = session["sessionId"].as_str().map(str::to_owned);
            return;
        }
        let old = self.call(http, "GET", "/window/handles", Value::Null).await.expect("there is a window");
        let window = json!({"type": "tab"});
        let new = self.call(http, "POST", "/window/new", window).await.expect("a tab can be opened");
        for tab in old.as_array().into_iter().flatten() {
            self.call(http, "POST", "/window", json!({"handle": tab})).await.expect("the old tab is there");
            self.call(http, "DELETE", "/window", Value::Null).await.expect("the old tab can be closed");
        }
        let new = json!({"handle": new["handle"]});
        self.call(http, "POST", "/window", new).await.expect("the new tab is there");
        let clear = json!({"cmd": "Network.clearBrowserCookies", "params": {}});
        self.call(http, "POST", "/goog/cdp/execute", clear).await.expect("cookies can be cleared");
        let read = json!({"type": "browser"});
        self.call(http, "POST", "/se/log", read).await.expect("the log can be read");
    }

    /// Sends a command of this session.
    pub(super) async fn call(
        &self,
        http: &reqwest::Client,
        method: &str,
        path: &str,
        body: Value,
    ) -> Result<Value, DriverError> {
        let session = self.session.as_deref().expect("the browser was started");
        send(http, method, &format!("/session/{session}{path}"), &body).await
    }
}

async fn send(http: &reqwest::Client, method: &str, path: &str, body: &Value) -> Result<Value, DriverError> {
    let method = method.parse().expect("a method of HTTP");
    let mut request = http.request(method, format!("{}{path}", DRIVER.url)).timeout(REQUEST);
    if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.expect("ChromeDriver answers");
    let text = answer.text().await.expect("ChromeDriver answers with text");
    let mut answer: Value = serde_json::from_str(&text).expect("ChromeDriver answers with JSON");
    let value = answer["value"].take();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    match (text("error"), text("message")) {
        (Some(code), Some(message)) => Err(DriverError { code, message }),
        _ => Ok(value),
    }
}

//! Somebody who signs in to the console: a client with a cookie jar, which follows no redirection by itself.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use local::Options;
use reqwest::{Method, Url};
use serde_json::Value;

use crate::{Answer, Client, World};

const FORM: &str = "application/x-www-form-urlencoded";

/// The cookies of a session, which browsers keep back when another site sends them here.
const SESSION_COOKIES: [&str; 2] = ["access-keys-session", "__Host-access-keys-session"];

/// A client with a cookie jar.
#[derive(Debug)]
pub struct WebClient<'w> {
    world: &'w World,
    jar: Mutex<BTreeMap<String, String>>,
}

/// Returns options under which people can sign in to the console. Other tests have no console, as a deployment by default.
#[must_use]
pub fn with_console() -> Options {
    let client = ("ConsoleClientId".to_owned(), "access-keys-console".to_owned());
    Options { parameters: [client].into(), ..Options::default() }
}

impl World {
    /// Makes a client without cookies.
    #[must_use]
    pub fn web_client(&self) -> WebClient<'_> {
        WebClient { world: self, jar: Mutex::default() }
    }
}

impl WebClient<'_> {
    /// Opens a page as a link of our own pages does.
    pub async fn open(&self, path: &str) -> Answer {
        self.send(path, |_| true).await
    }

    /// Opens a page as the redirection of another site does: without the session's cookie.
    pub async fn come_back(&self, path: &str) -> Answer {
        self.send(path, |name| !SESSION_COOKIES.contains(&name)).await
    }

    async fn send(&self, path: &str, sends: impl Fn(&str) -> bool) -> Answer {
        let cookies = self.cookies(sends);
        let client = self.world.anonymous();
        let client = if cookies.is_empty() { client } else { client.with_header("cookie", &cookies) };
        let answer = client.get(path).await;
        self.keep(&answer);
        answer
    }

    /// Begins to sign in, and returns the URL at the issuer.
    ///
    /// # Panics
    /// When the answer is no redirection to the issuer.
    pub async fn begin(&self, return_to: &str) -> Url {
        let path = format!("/console/sign-in?{}", encoded(&[("return_to", return_to)]));
        let answer = self.open(&path).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").parse().expect("the issuer has a URL")
    }

    /// Signs in at the issuer, and returns the path of the console to which the issuer sends the browser.
    ///
    /// # Panics
    /// When the issuer does not send it to the console.
    pub async fn authorize(&self, issuer: &Url, fields: &[(&str, &str)]) -> String {
        let asked: Vec<_> = issuer.query_pairs().into_owned().collect();
        let asked = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let form = encoded(&asked.chain(fields.iter().copied()).collect::<Vec<_>>());
        let client = self.world.anonymous();
        let answer = client.send_raw(Method::POST, issuer.path(), Some(FORM), form.into_bytes()).await;
        let location = answer.header("location");
        let path = location.strip_prefix(&self.world.stack.url());
        path.unwrap_or_else(|| panic!("{location:?} of {answer:?}")).to_owned()
    }

    /// Signs a person in; the address is theirs and verified. Returns the answer that starts the session.
    ///
    /// # Panics
    /// When nobody is signed in.
    pub async fn sign_in(&self, person: &str) -> Answer {
        let answer = self.try_sign_in(person).await;
        assert_eq!(answer.header("location"), "/console", "{answer:?}");
        answer
    }

    /// Signs a person in, and returns the last answer.
    pub async fn try_sign_in(&self, person: &str) -> Answer {
        let issuer = self.begin("/console").await;
        let callback = self.authorize(&issuer, &described(person, &format!("{person}@example.com"))).await;
        self.come_back(&callback).await
    }

    /// Returns what a page of the console sends its requests with.
    ///
    /// # Panics
    /// Without cookies.
    #[must_use]
    pub fn page(&self) -> Client {
        let client = self.world.anonymous().with_header("x-console-request", "1");
        let client = client.with_header("sec-fetch-site", "same-origin");
        client.with_header("cookie", &self.cookies(|_| true))
    }

    /// Tells who is signed in, as the console's pages ask.
    pub async fn session(&self) -> Answer {
        self.page().get("/console/session").await
    }

    /// Signs out, as the console's pages do.
    pub async fn sign_out(&self, body: Value) -> Answer {
        let answer = self.page().post("/console/sign-out", body).await;
        self.keep(&answer);
        answer
    }

    /// Returns the value of a cookie, empty if the jar does not hold it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> String {
        self.jar().get(name).cloned().unwrap_or_default()
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar().insert(name.to_owned(), value.to_owned());
    }

    fn cookies(&self, sends: impl Fn(&str) -> bool) -> String {
        let jar = self.jar();
        let sent = jar.iter().filter(|(name, _)| sends(name));
        sent.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Keeps the cookies of an answer. Session ids and verifiers must stand nowhere else from now on.
    fn keep(&self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie is text");
            let (pair, attributes) = cookie.split_once("; ").expect("a cookie has attributes");
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.starts_with("Max-Age=0;") {
                self.jar().remove(name);
                continue;
            }
            self.set_cookie(name, value);
            for secret in value.split('.').take(2) {
                self.world.secrets.note(secret);
            }
        }
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the fields of the issuer's sign-in page for a person whose address is verified.
#[must_use]
pub fn described<'a>(name: &'a str, email: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("email", email), ("email_verified", "on")]
}

/// Encodes the fields of a query or form.
fn encoded(fields: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://localhost", fields).expect("a host is a URL");
    url.query().unwrap_or_default().to_owned()
}

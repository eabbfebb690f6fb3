//! A person or a key that sends requests through the gateway.

use std::{io::Read as _, sync::Arc};

use flate2::read::GzDecoder;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::{Answer, World, contract, secrets::Secrets};

/// Somebody who sends requests through the gateway.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    headers: HeaderMap,
    secrets: Arc<Secrets>,
}

impl Client {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            http: world.http.clone(),
            url: world.stack.url(),
            headers: HeaderMap::new(),
            secrets: Arc::clone(&world.secrets),
        }
    }

    /// Adds a header to every request; one of the same name is sent as well.
    ///
    /// # Panics
    /// When it is not a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header has a name");
        self.headers.append(name, HeaderValue::from_str(value).expect("a header has a value"));
        self
    }

    /// Sends `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Reads every page of a list, whose path has its `?` already, and returns all items.
    ///
    /// # Panics
    /// When a page is refused, or holds more than its `limit`.
    pub async fn pages(&self, path: &str) -> Vec<Value> {
        self.page_by_page(path).await.concat()
    }

    /// Reads every page of a list, as [`Self::pages`] does, and returns the items of each.
    ///
    /// # Panics
    /// When a page is refused, or holds more than its `limit`.
    pub async fn page_by_page(&self, path: &str) -> Vec<Vec<Value>> {
        let limit = path.split("limit=").nth(1).map_or(100, |limit| limit.parse().expect("it comes last"));
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{cursor}")).await.expect(200);
            let found = page["items"].as_array().expect("a page has items");
            assert!(found.len() <= limit, "{} items", found.len());
            pages.push(found.clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return pages,
            }
        }
    }

    /// Sends `POST` with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends `PATCH` with JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Sends `PUT` with JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// Sends `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends a request; a null body is none.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let (kind, bytes) = match body.filter(|body| !body.is_null()) {
            Some(body) => (Some("application/json"), body.to_string().into_bytes()),
            None => (None, Vec::new()),
        };
        self.send_raw(method, path, kind, bytes).await
    }

    /// Sends a request with any body.
    ///
    /// # Panics
    /// When there is no answer, when a function's answer lets browsers guess its media type, and when the OpenAPI document
    /// does not describe it.
    pub async fn send_raw(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let url = format!("{}{path}", self.url);
        let mut request = self.http.request(method.clone(), url).headers(self.headers.clone());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let response = request.body(body).send().await.expect("the gateway answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut bytes = response.bytes().await.expect("the answer is whole").to_vec();
        if headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
            let compressed = std::mem::take(&mut bytes);
            GzDecoder::new(compressed.as_slice()).read_to_end(&mut bytes).expect("the answer is whole");
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        self.secrets.learn(&method, path, status, &body);
        let answer = Answer { status, headers, body };
        // The gateway's answers to HEAD have no body to tell them by, and no function has such a route. Routes of the
        // local stack itself are not the product's.
        let of_product = method != Method::HEAD && !path.starts_with("/_local/");
        if of_product && !answer.is_of_gateway() {
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}: {answer:?}");
        }
        contract::check(&method, path, &answer);
        answer
    }
}

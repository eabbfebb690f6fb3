//! An answer of the gateway, and the checks of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the gateway answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; text where it is none, null where it is empty.
    pub body: Value,
}

impl Answer {
    /// Returns the body of an answer with this status.
    ///
    /// # Panics
    /// When the status is another.
    #[expect(clippy::must_use_candidate, reason = "the status is often all that is asked")]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks that this is the problem of this status and code.
    ///
    /// # Panics
    /// When it is not.
    #[expect(clippy::must_use_candidate, reason = "the code is often all that is asked")]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        let kind = self.header("content-type").to_owned();
        let body = self.expect(status);
        assert_eq!(
            (kind.as_str(), body["code"].as_str()),
            ("application/problem+json", Some(code)),
            "{body}"
        );
        assert_eq!(body["status"], status, "{body}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
        body
    }

    /// Checks that a body was refused for this field, with a rule that says this.
    ///
    /// # Panics
    /// When it was not.
    pub fn expect_invalid(self, field: &str, rule: &str) {
        let body = self.expect_problem(400, "invalid_request");
        assert_eq!(body["field"], field, "{body}");
        assert!(body["rule"].as_str().is_some_and(|said| said.contains(rule)), "{body}");
    }

    /// Checks that the gateway refused the request.
    ///
    /// # Panics
    /// When it did not.
    pub fn expect_forbidden_by_gateway(self) {
        assert_eq!(self.expect(403), serde_json::json!({"message": "Forbidden"}));
    }

    /// Tells whether the gateway itself answered, and no function: its errors have a `message` alone.
    #[must_use]
    pub fn is_of_gateway(&self) -> bool {
        let members = self.body.as_object();
        self.status >= 400 && members.is_some_and(|members| members.keys().eq(["message"]))
    }

    /// Returns a header, empty where it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

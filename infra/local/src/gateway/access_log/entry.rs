//! What the gateway knows of a request, for its line in the access log.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use hyper::{StatusCode, header::USER_AGENT, http::request::Parts};
use jiff::Timestamp;
use serde_json::Value;

use super::format::VARIABLES;
use crate::{
    gateway::event::text,
    random,
    template::{ACCOUNT, names::API_ID, resolve::plain_text},
    terminal::Answered,
};

/// What the gateway knows of a request.
#[derive(Debug)]
pub(crate) struct AccessLogEntry {
    pub(in crate::gateway) request_id: String,
    pub(super) began: Instant,
    /// The function that was called last.
    pub(in crate::gateway) called: Option<String>,
    values: BTreeMap<&'static str, String>,
    context: Value,
}

impl AccessLogEntry {
    pub(in crate::gateway) fn new(head: &Parts, peer: SocketAddr, now: Timestamp) -> Self {
        let request_id = format!("{}=", random::base62(15));
        let mut entry = Self {
            request_id: request_id.clone(),
            began: Instant::now(),
            called: None,
            values: BTreeMap::new(),
            context: Value::Null,
        };
        for variable in ["requestId", "extendedRequestId"] {
            entry.set(variable, request_id.as_str());
        }
        for variable in ["apiId", "domainPrefix"] {
            entry.set(variable, API_ID);
        }
        entry.set("accountId", ACCOUNT);
        entry.set("httpMethod", head.method.as_str());
        entry.set("identity.sourceIp", peer.ip().to_string());
        entry.set("identity.userAgent", text(&head.headers, USER_AGENT.as_str()));
        entry.set("path", head.uri.path());
        entry.set("protocol", format!("{:?}", head.version));
        entry.set("requestTime", now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
        entry.set("requestTimeEpoch", now.as_millisecond().to_string());
        entry
    }

    /// Sets a variable.
    pub(in crate::gateway) fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        debug_assert!(VARIABLES.contains(&variable), "{variable}");
        self.values.insert(variable, value.into());
    }

    /// Sets the variables of the authorizer's context.
    pub(in crate::gateway) fn set_context(&mut self, context: &Value) {
        self.context = context.clone();
    }

    /// Sets the variables of a call of the authorizer. One that fails has no response of its own.
    pub(in crate::gateway) fn set_authorizer_call(&mut self, id: String, latency: Duration, responded: bool) {
        let status = if responded { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        self.set("authorizer.requestId", id);
        self.set("authorizer.latency", latency.as_millis().to_string());
        self.set("authorizer.status", status.as_str());
    }

    /// Sets the variables of a refusal by the gateway itself.
    pub(in crate::gateway) fn set_refusal(&mut self, status: StatusCode, message: &str) {
        let kind = match status {
            StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
            StatusCode::FORBIDDEN => "ACCESS_DENIED",
            StatusCode::NOT_FOUND => "RESOURCE_NOT_FOUND",
            StatusCode::PAYLOAD_TOO_LARGE => "REQUEST_TOO_LARGE",
            StatusCode::TOO_MANY_REQUESTS => "THROTTLED",
            _ if self.values.contains_key("authorizer.error") => "AUTHORIZER_FAILURE",
            _ => "INTEGRATION_FAILURE",
        };
        self.set("error.message", message);
        self.set("error.messageString", format!("\"{message}\""));
        self.set("error.responseType", kind);
    }

    /// Sets the variables of an integration that did not respond.
    pub(in crate::gateway) fn set_integration_error(&mut self, message: &str) {
        self.set("integrationErrorMessage", message);
        self.set("integration.error", message);
    }

    /// Returns what a person sees of the request.
    pub(super) fn answered(&self, status: StatusCode) -> Answered {
        let value = |variable| self.value(variable).unwrap_or_default();
        let time = value("requestTime");
        let failure = ["authorizer.error", "integrationErrorMessage"].map(value).concat();
        // What surrounds the type of an error at API Gateway says nothing to a person.
        let failure = failure
            .replace("The Lambda function returned the following error: ", "")
            .replace(" Check your Lambda function code and try again.", "");
        Answered {
            request_id: self.request_id.clone(),
            // Of `28/Nov/2026:12:00:31 +0000`.
            time: time
                .get("28/Nov/2026:".len()..time.len().saturating_sub(" +0000".len()))
                .unwrap_or_default()
                .to_owned(),
            method: value("httpMethod"),
            path: value("path"),
            status: status.as_u16(),
            milliseconds: value("responseLatency"),
            caller: self.context.clone(),
            failure: match &self.called {
                Some(function) if !failure.is_empty() => format!("{function} did not answer: {failure}"),
                _ => failure,
            },
        }
    }

    pub(super) fn value(&self, variable: &str) -> Option<String> {
        let of_context = || self.context.get(variable.strip_prefix("authorizer.")?).map(plain_text);
        self.values.get(variable).cloned().or_else(of_context)
    }
}

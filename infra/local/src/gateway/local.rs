//! The stack's own routes, under `/_local`.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use hyper::{Method, StatusCode, http::request::Parts};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    aws::{Aws, faults::Fault},
    clock::Clock,
    freeze::{Freeze, FreezeError},
    http::{self, ConnectionDropped, Response},
    issuer::Issuer,
    pipe::Pipe,
    runtime::FunctionError,
    schedules::Schedules,
    web_pages,
};

/// Handles requests to `/_local`.
#[derive(Debug)]
pub(crate) struct LocalRoutes {
    pub(crate) aws: Arc<Aws>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) schedules: Arc<Schedules>,
    pub(crate) clock: Clock,
    /// The secret of Secrets Manager by which the console proves itself to the issuer, if it has one.
    pub(crate) client_secret_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shift {
    offset_seconds: i64,
}

impl LocalRoutes {
    /// Handles a request to `/_local/<path>`.
    pub(super) async fn handle(
        &self,
        head: &Parts,
        path: &str,
        body: &Bytes,
    ) -> Result<Response, ConnectionDropped> {
        if web_pages::may_have_sent(head) {
            return Ok(problem(StatusCode::FORBIDDEN, web_pages::REFUSAL));
        }
        let parts: Vec<&str> = path.split('/').collect();
        if let ["oidc", path @ ..] = parts.as_slice() {
            let secret = self.client_secret_id.as_deref().and_then(|id| self.aws.secrets.current(id));
            if let Some(response) = self.issuer.handle(head, path, body, secret.as_deref()).await {
                return response;
            }
        }
        Ok(self.handle_own(head, &parts, body).await)
    }

    async fn handle_own(&self, head: &Parts, path: &[&str], body: &Bytes) -> Response {
        match (&head.method, path) {
            (&Method::PUT, ["oidc", "switches"]) => set(body, |switches| self.issuer.switch(switches)),
            (&Method::PUT, ["oidc", "jwks.json"]) => set(body, |document| self.issuer.publish(document)),
            (&Method::GET, ["sign-in"]) => self.sign_in(head.uri.query().unwrap_or_default()),
            (&Method::GET, ["emails"]) => ok(&json!(self.aws.ses.emails())),
            (&Method::DELETE, ["emails"]) => match self.aws.ses.clear() {
                Ok(()) => http::empty(StatusCode::NO_CONTENT),
                Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            (&Method::GET, ["events"]) => match self.pipe.events().await {
                Ok(events) => ok(&json!(events)),
                Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            (&Method::DELETE, ["events"]) => match self.pipe.clear().await {
                Ok(()) => http::empty(StatusCode::NO_CONTENT),
                Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            (&Method::POST, ["clock"]) => self.shift(body),
            (&Method::POST, ["freeze"]) => self.freeze(body),
            (&Method::POST, ["close-idle-connections"]) => {
                self.aws.idle.close();
                http::empty(StatusCode::NO_CONTENT)
            }
            (&Method::POST, ["functions", function]) => self.invoke(function, body).await,
            (&Method::POST, ["schedules", function]) => self.run(function, body).await,
            (&Method::POST, ["faults"]) => match self.fault(body) {
                Ok(fault) => {
                    self.aws.faults.add(fault);
                    http::empty(StatusCode::NO_CONTENT)
                }
                Err(message) => problem(StatusCode::BAD_REQUEST, &message),
            },
            (&Method::DELETE, ["faults"]) => {
                self.aws.faults.clear();
                http::empty(StatusCode::NO_CONTENT)
            }
            _ => problem(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    /// Reads a fault that can strike.
    fn fault(&self, body: &Bytes) -> Result<Fault, String> {
        let fault: Fault = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        fault.check()?;
        match fault.caller() {
            Some(function) if !self.aws.runtime.names().any(|name| name == function) => {
                Err("function: template.yaml has no such function".to_owned())
            }
            _ => Ok(fault),
        }
    }

    fn sign_in(&self, query: &str) -> Response {
        let fields: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        match (fields.get("subject"), fields.get("email")) {
            (Some(subject), Some(email)) => {
                let name = fields.get("name").unwrap_or(subject);
                ok(&json!({ "token": self.issuer.token(subject, email, name) }))
            }
            _ => problem(StatusCode::BAD_REQUEST, "write ?subject=alice&email=alice@example.com"),
        }
    }

    fn shift(&self, body: &Bytes) -> Response {
        match serde_json::from_slice::<Shift>(body) {
            Ok(Shift { offset_seconds }) => {
                self.clock.shift(offset_seconds);
                ok(&json!({ "offset_seconds": offset_seconds, "now": self.clock.now_text() }))
            }
            Err(_) => problem(StatusCode::BAD_REQUEST, r#"write {"offset_seconds": 86400}"#),
        }
    }

    fn freeze(&self, body: &Bytes) -> Response {
        let Ok(freeze) = serde_json::from_slice::<Freeze>(body) else {
            let message = r#"write {"function": "authorize-request", "seconds": 40}"#;
            return problem(StatusCode::BAD_REQUEST, message);
        };
        match freeze.apply(&self.clock, &self.aws.runtime) {
            Ok(()) => ok(&json!({ "now": self.clock.now_text() })),
            Err(error @ FreezeError::NoSuchFunction) => problem(StatusCode::NOT_FOUND, &error.to_string()),
            Err(error @ FreezeError::NoClocks) => problem(StatusCode::CONFLICT, &error.to_string()),
        }
    }

    async fn invoke(&self, function: &str, body: &Bytes) -> Response {
        if !self.aws.runtime.names().any(|name| name == function) {
            return problem(StatusCode::NOT_FOUND, "template.yaml has no such function");
        }
        match event(body) {
            Some(event) => result(self.aws.runtime.invoke(function, &event).await),
            None => problem(StatusCode::BAD_REQUEST, "the body is not JSON"),
        }
    }

    async fn run(&self, function: &str, body: &Bytes) -> Response {
        let fields = match event(body) {
            Some(fields) if body.is_empty() || fields.is_object() => fields,
            _ => {
                let message = r#"write {"time": "2027-01-31T12:00:00Z"}, or {} for now"#;
                return problem(StatusCode::BAD_REQUEST, message);
            }
        };
        match self.schedules.run_now(function, &fields).await {
            Some(summary) => result(summary),
            None => problem(StatusCode::NOT_FOUND, "template.yaml has no schedule for this function"),
        }
    }
}

/// Sets what a JSON body says.
fn set<T: DeserializeOwned>(body: &Bytes, set: impl FnOnce(T)) -> Response {
    match serde_json::from_slice(body) {
        Ok(value) => {
            set(value);
            http::empty(StatusCode::NO_CONTENT)
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Reads an event; no body is null. `None` if it is no JSON.
fn event(body: &Bytes) -> Option<Value> {
    if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(body).ok() }
}

fn result(result: Result<Value, FunctionError>) -> Response {
    match result {
        Ok(result) => ok(&result),
        Err(error) => http::json(
            StatusCode::BAD_GATEWAY,
            &json!({ "message": error.error_message, "type": error.error_type }),
        ),
    }
}

fn ok(body: &Value) -> Response {
    http::json(StatusCode::OK, body)
}

fn problem(status: StatusCode, message: &str) -> Response {
    http::json(status, &json!({ "message": message }))
}

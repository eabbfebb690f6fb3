use std::collections::HashMap;

use domain::{
    Error, Time,
    audit::{self, Target},
    id::OrganizationId,
    token::KeyPrefix,
};
use lambda_http::{Body, RequestExt as _, http::header, request::RequestContext};
use serde_json::{Map, Value};

use crate::{Caller, Credential, Member, Problem, caller::BadContext};

/// A request: what the gateway and the authorizer established, and what was sent.
///
/// `C` is who makes it: `()` on routes without an authorizer, where a request proves itself by what it
/// holds. It holds credentials as they were sent, so it cannot be written by `Debug`.
pub struct Request<C = Caller> {
    /// The route that the gateway chose, as `GET /v1/whoami`.
    pub route: String,
    /// When the gateway took the request: the present, for all that follows.
    pub now: Time,
    /// Who makes it.
    pub caller: C,
    /// The address that the gateway saw.
    pub source_ip: String,
    gateway_id: String,
    event: lambda_http::Request,
}

impl Request {
    /// Reads an event of the gateway. One without the authorizer's context is an error of ours.
    pub fn read(event: lambda_http::Request) -> Result<Self, Problem> {
        let Some(RequestContext::ApiGatewayV2(context)) = event.request_context_ref() else {
            return Err(BadContext("gateway").into());
        };
        let fields: Option<&HashMap<String, Value>> =
            context.authorizer.as_ref().map(|authorizer| &authorizer.fields);
        let caller = Caller::from_context(fields.ok_or(BadContext("fields"))?)?;
        Self::of(caller, event)
    }

    /// Returns the caller as a member of the organization in the path.
    pub fn member(&self) -> Result<&Member, Problem> {
        let missing = || Error::NotFound { what: "organization" };
        let named = OrganizationId::parse(&self.path("organization_id")?).map_err(|_| missing())?;
        match &self.caller {
            Caller::Member(member) if member.organization_id == named => Ok(member),
            _ => Err(missing().into()),
        }
    }

    /// Returns the token that the caller came with; `None` when it signed in.
    #[must_use]
    pub fn token(&self, prefix: &KeyPrefix) -> Option<String> {
        let headers = self.event.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
        match Credential::in_headers(headers, prefix) {
            Ok(Credential::Token(text)) => Some(text),
            Ok(Credential::Jwt(_)) | Err(_) => None,
        }
    }

    /// Starts the audit event of a change that this request makes.
    #[must_use]
    pub fn audit_event(
        &self,
        organization_id: OrganizationId,
        action: &str,
        target: (&str, String),
        changes: Value,
    ) -> audit::Event {
        self.audit_event_of(self.caller.audit_actor(), organization_id, action, target, changes)
    }
}

impl Request<()> {
    /// Reads an event of a route without an authorizer.
    pub fn read_open(event: lambda_http::Request) -> Result<Self, Problem> {
        Self::of((), event)
    }
}

impl<C> Request<C> {
    fn of(caller: C, event: lambda_http::Request) -> Result<Self, Problem> {
        let Some(RequestContext::ApiGatewayV2(context)) = event.request_context_ref() else {
            return Err(BadContext("gateway").into());
        };
        if context.time_epoch <= 0 {
            return Err(BadContext("time").into());
        }
        Ok(Self {
            route: context.route_key.clone().ok_or(BadContext("route"))?,
            now: Time::from_milliseconds(context.time_epoch),
            caller,
            source_ip: context.http.source_ip.clone().ok_or(BadContext("source address"))?,
            gateway_id: context.request_id.clone().ok_or(BadContext("request id"))?,
            event,
        })
    }

    /// Returns the error of a route that the template gives to a function that does not know it.
    #[must_use]
    pub fn unknown_route(&self) -> Problem {
        BadContext("route").into()
    }

    /// Returns a parameter of the path.
    pub fn path(&self, name: &'static str) -> Result<String, Problem> {
        let value = self.event.path_parameters_ref().and_then(|path| path.first(name));
        Ok(value.ok_or(BadContext("path"))?.to_owned())
    }

    /// Returns the query parameters, of which only those in `known` may be there, once each.
    pub fn query(&self, known: &[&str]) -> Result<HashMap<String, String>, Problem> {
        let mut found = HashMap::new();
        let query = self.event.query_string_parameters_ref();
        for (name, value) in
            query.into_iter().flat_map(lambda_http::aws_lambda_events::query_map::QueryMap::iter)
        {
            if !known.contains(&name) {
                let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let rule = format!("is not a parameter of this route; it takes {takes}");
                return Err(Error::invalid(name, rule).into());
            }
            if found.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(Error::invalid(name, "must be given once").into());
            }
        }
        Ok(found)
    }

    /// Refuses unless `If-Match` is absent, `*`, or names `version`.
    pub fn check_precondition(&self, version: u64) -> Result<(), Error> {
        let Some(wanted) = self.header("if-match") else {
            return Ok(());
        };
        let current = format!("\"{version}\"");
        if wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
            Ok(())
        } else {
            Err(Error::PreconditionFailed)
        }
    }

    /// Returns each value of a header, empty where it is not text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.event.headers().get_all(name).iter().map(|value| value.to_str().unwrap_or_default())
    }

    /// Returns the path as it was sent, with the values of its parameters.
    pub(crate) fn raw_path(&self) -> &str {
        self.event.uri().path()
    }

    /// Returns a header's value, empty if it is not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.event.headers().get(name).map(|value| value.to_str().unwrap_or_default())
    }

    /// Returns the type of the body without its parameters, in lower case.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE.as_str())?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// Returns the body as it was sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self.event.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }

    /// Starts the audit event of a change that is made by `actor`.
    #[must_use]
    pub fn audit_event_of(
        &self,
        actor: audit::Actor,
        organization_id: OrganizationId,
        action: &str,
        target: (&str, String),
        changes: Value,
    ) -> audit::Event {
        audit::Event {
            audit_id: audit::new_id(self.now),
            organization_id,
            at: self.now,
            actor,
            action: action.to_owned(),
            target: Target { kind: target.0.to_owned(), id: target.1 },
            source_ip: self.source_ip.clone(),
            request_id: self.gateway_id.clone(),
            changes: match changes {
                Value::Object(changes) => changes,
                _ => Map::new(),
            },
        }
    }
}

/// Returns the members of `after` that `before` does not have alike: what an audit event tells.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Map<String, Value> {
    let members = after.as_object().into_iter().flatten();
    let changed = members.filter(|(name, value)| before[name.as_str()] != **value);
    changed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

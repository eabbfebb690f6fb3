//! The ids of a request: those that the gateway gave it, and those of its caller.

use domain::id::{KeyId, OrganizationId, UserId};
use serde::Deserialize;

/// The gateway's data of a request, for its log lines. An empty text means unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestIds {
    /// The gateway's id of the request, which its access log has too.
    pub request_id: String,
    /// The API.
    pub api_id: String,
    /// The route, as `GET /v1/whoami`.
    pub route: String,
    /// The address of the client.
    pub source_ip: String,
}

/// Who makes a request, as far as it is known, for its log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallerIds {
    /// The organization.
    pub organization_id: Option<OrganizationId>,
    /// The user.
    pub user_id: Option<UserId>,
    /// The access key.
    pub key_id: Option<KeyId>,
}

impl CallerIds {
    /// Returns the ids of a key and its user, whose id is part of the key id. The key may not exist.
    #[must_use]
    pub fn of_key(key_id: KeyId) -> Self {
        Self { organization_id: None, user_id: Some(key_id.user_id()), key_id: Some(key_id) }
    }
}

impl RequestIds {
    /// Reads the ids from a payload of the gateway that could not be parsed as an event. Ids that it lacks stay empty.
    #[must_use]
    pub fn find(payload: &[u8]) -> Self {
        let Ok(Payload { route_key, http_method, resource, request_context: context }) =
            serde_json::from_slice(payload)
        else {
            return Self::default();
        };
        let of_rest = || Some(format!("{} {}", http_method?, resource?));
        let caller = context.http.or(context.identity);
        Self {
            request_id: context.request_id,
            api_id: context.api_id,
            route: route_key.or_else(of_rest).unwrap_or_default(),
            source_ip: caller.map(|caller| caller.source_ip).unwrap_or_default(),
        }
    }
}

/// The ids in an event of any kind of API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    route_key: Option<String>,
    http_method: Option<String>,
    resource: Option<String>,
    request_context: Context,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    request_id: String,
    #[serde(default)]
    api_id: String,
    http: Option<Client>,
    identity: Option<Client>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    #[serde(default)]
    source_ip: String,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Reads a text that may be absent or null; `None` if it is something else.
    fn optional<'v>(value: &'v Value, name: &str) -> Option<Option<&'v str>> {
        match value.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => value.as_str().map(Some),
        }
    }

    /// Reads a text that may be absent; `None` if it is something else.
    fn defaulted<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
        value.get(name).map_or(Some(""), Value::as_str)
    }

    /// Reads the client's address; `None` if the client is no object.
    fn source_ip<'v>(context: &'v Value, name: &str) -> Option<Option<&'v str>> {
        match context.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(client) => defaulted(client, "sourceIp").filter(|_| client.is_object()).map(Some),
        }
    }

    /// Reads the ids of an event without lists; `None` if it lacks one, or any has another type.
    fn expected(event: &Value) -> Option<RequestIds> {
        let context = event.get("requestContext").filter(|context| context.is_object())?;
        let (method, resource) = (optional(event, "httpMethod")?, optional(event, "resource")?);
        let of_rest = method.zip(resource).map(|(method, resource)| format!("{method} {resource}"));
        let route = optional(event, "routeKey")?.map(str::to_owned).or(of_rest);
        let (of_http, of_rest) = (source_ip(context, "http")?, source_ip(context, "identity")?);
        Some(RequestIds {
            request_id: context.get("requestId")?.as_str()?.to_owned(),
            api_id: defaulted(context, "apiId")?.to_owned(),
            route: route.unwrap_or_default(),
            source_ip: of_http.or(of_rest).unwrap_or_default().to_owned(),
        })
    }

    #[test]
    fn fuzzed_payloads_give_the_ids_that_they_have_or_none() {
        fuzz::documents("request_ids").play(|text| {
            let found = RequestIds::find(text.as_bytes());
            let is_found = found != RequestIds::default();
            let ids = [&found.request_id, &found.api_id, &found.route, &found.source_ip];
            assert!(ids.into_iter().map(String::len).sum::<usize>() <= text.len());
            // Members that are not read may break rules of values, such as their depth.
            let Ok(event) = serde_json::from_str::<Value>(text) else { return is_found };
            let written = event.to_string();
            let once = RequestIds::find(written.as_bytes());
            assert!(!is_found || found == once);
            // Serde also fills a struct from a list.
            if !written.contains('[') {
                assert_eq!(once, expected(&event).unwrap_or_default());
            }
            is_found
        });
    }
}

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

//! A request of every route of the template, with the callers who may send it.

use domain::access::Action;
use serde_json::{Value, json};

/// The callers who may use a route.
#[derive(Clone, Copy)]
pub(crate) enum Open {
    /// Every sign-in.
    ToSignIns,
    /// Every sign-in and every active key.
    ToAll,
    /// Every member of the organization, machines included.
    ToMembers,
    /// Every client: the body is the proof.
    ToAnybody,
    /// GitHub alone, which signs the body.
    ToGithub,
    /// Pages of the console with a session, which none of the callers has.
    ToSessions,
    /// The callers that the table of rights names.
    To(Action),
}
pub(crate) use Open::{To, ToAll, ToAnybody, ToGithub, ToMembers, ToSessions, ToSignIns};

/// A request: route, callers, body and the status of its success.
pub(crate) type Case = (&'static str, Open, Value, u16);

/// Returns the requests of the API, without those of browsers.
pub(crate) fn api_cases() -> Vec<Case> {
    cases().into_iter().filter(|case| !case.0.contains(" /console")).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let key = || json!({"name": "new", "expires_in_days": 1});
    let machine = json!({"kind": "machine", "name": "new"});
    let owner = json!({"kind": "owner", "name": "new", "email": "new-{unique}@example.com"});
    let role = json!({"permissions": []});
    let none = Value::Null;
    vec![
        ("POST /v1/organizations", ToSignIns, json!({"name": "new"}), 201),
        ("GET /v1/organizations", ToSignIns, none.clone(), 200),
        ("GET /v1/whoami", ToAll, none.clone(), 200),
        ("GET …/whoami", ToMembers, none.clone(), 200),
        ("GET /v1/openapi.json", ToAnybody, none.clone(), 200),
        ("POST /v1/introspect", ToAnybody, json!({"token": "{unique}"}), 200),
        ("POST /v1/leaked-keys", ToAnybody, json!({"tokens": ["{unique}"]}), 202),
        ("POST /v1/leaked-keys/github", ToGithub, json!([]), 202),
        ("GET /console", ToAnybody, none.clone(), 200),
        ("GET /console/{path+}", ToAnybody, none.clone(), 200),
        ("GET /console/sign-in", ToAnybody, none.clone(), 303),
        ("GET /console/callback", ToAnybody, none.clone(), 303),
        ("GET /console/session", ToAnybody, none.clone(), 401),
        ("POST /console/sign-out", ToSessions, none.clone(), 200),
        ("GET …", To(Action::ReadOrganization), none.clone(), 200),
        ("PATCH …", To(Action::WriteOrganization), json!({"name": "{unique}"}), 200),
        ("DELETE …", To(Action::DeleteOrganization), none.clone(), 204),
        ("POST …/policy-preview", To(Action::WriteOrganization), json!({"policy": "strict"}), 200),
        ("POST …/users", To(Action::WriteUser), machine, 201),
        ("POST …/users", To(Action::MakeOwner), owner, 201),
        ("GET …/users", To(Action::ListUsers), none.clone(), 200),
        ("GET …/users/{user_id}", To(Action::ReadUser), none.clone(), 200),
        ("PATCH …/users/{user_id}", To(Action::WriteProfile), json!({"name": "{unique}"}), 200),
        ("PATCH …/users/{user_id}", To(Action::WriteUser), json!({"status": "active"}), 200),
        ("DELETE …/users/{user_id}", To(Action::DeleteUser), none.clone(), 204),
        ("PUT …/roles/{role}", To(Action::WriteRoles), role, 200),
        ("GET …/roles", To(Action::ReadRoles), none.clone(), 200),
        ("GET …/roles/{role}", To(Action::ReadRoles), none.clone(), 200),
        ("DELETE …/roles/{role}", To(Action::WriteRoles), none.clone(), 204),
        ("PUT …/groups/{group}", To(Action::WriteRoles), json!({"roles": []}), 200),
        ("GET …/groups", To(Action::ReadRoles), none.clone(), 200),
        ("GET …/groups/{group}", To(Action::ReadRoles), none.clone(), 200),
        ("DELETE …/groups/{group}", To(Action::WriteRoles), none.clone(), 204),
        ("POST …/users/{user_id}/access-keys", To(Action::CreateKey), key(), 201),
        ("GET …/users/{user_id}/access-keys", To(Action::ReadKey), none.clone(), 200),
        ("GET …/access-keys", To(Action::ListKeys), none.clone(), 200),
        ("GET …/access-keys/{key_id}", To(Action::ReadKey), none.clone(), 200),
        ("GET …/access-keys/{key_id}/permissions", To(Action::ReadKey), none.clone(), 200),
        ("PATCH …/access-keys/{key_id}", To(Action::WriteKey), json!({"name": "{unique}"}), 200),
        ("PATCH …/access-keys/{key_id}", To(Action::EndKey), json!({"active": false}), 200),
        ("POST …/access-keys/{key_id}/rotate", To(Action::RotateKey), json!({"overlap_seconds": 60}), 200),
        ("POST …/access-keys/{key_id}/revoke", To(Action::EndKey), none.clone(), 200),
        ("DELETE …/access-keys/{key_id}", To(Action::EndKey), none.clone(), 204),
        ("GET …/audit-events", To(Action::ReadAudit), none.clone(), 200),
        ("GET …/users/{user_id}/inbox", To(Action::ReadInbox), none.clone(), 200),
        ("PATCH …/users/{user_id}/inbox", To(Action::ReadInbox), json!({"state": "read"}), 200),
        ("PATCH …/users/{user_id}/inbox/{message_id}", To(Action::ReadInbox), json!({"state": "read"}), 200),
        ("DELETE …/users/{user_id}/inbox/{message_id}", To(Action::ReadInbox), none, 204),
    ]
}

//! Changes an organization: its name, status and policy.

use api::{
    HandlerError, HandlerResult, Member, Request, app::App, non_null, response::ok, retry_on_conflict,
};
use domain::{
    Error,
    access::Action,
    audit::{self, Effect, differences},
    organization::{Organization, Status},
    policy::PolicyChange,
    text::Name,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::response::OrganizationResponse;

/// The new values. An absent member is not changed.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrganizationPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(with = "Name"))]
    #[serde(default, deserialize_with = "non_null")]
    name: Option<Name>,
    #[cfg_attr(feature = "openapi", schemars(with = "RequestedStatus"))]
    #[serde(default, deserialize_with = "non_null")]
    status: Option<RequestedStatus>,
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::policy::schema"))]
    #[serde(default, deserialize_with = "policy")]
    policy: Option<PolicyChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "WantedOrganizationStatus"))]
#[serde(rename_all = "snake_case")]
enum RequestedStatus {
    Active,
    Suspended,
}

fn policy<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PolicyChange>, D::Error> {
    crate::policy::preset_or_change(deserializer).map(Some)
}

/// Responds with the changed organization. A new policy applies to keys that are created or changed later; stages that
/// it gains reach existing keys too.
pub(crate) async fn update(app: &App, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    request.caller.actor().may(Action::WriteOrganization)?;
    let body: Body = request.patch()?;
    let organization = retry_on_conflict(|| change(app, request, &body)).await?;
    let version = organization.version;
    Ok(ok(&OrganizationResponse::from(organization), Some(version)))
}

async fn change(app: &App, request: &Request<Member>, body: &Body) -> Result<Organization, HandlerError> {
    let before = app.organization(&request.caller).await?;
    request.check_precondition(before.version)?;
    if before.status == Status::Suspended && (body.name.is_some() || body.policy.is_some()) {
        return Err(Error::Conflict("this organization is suspended; lift the suspension first").into());
    }
    let mut after = before.clone();
    if let Some(name) = &body.name {
        after.name.clone_from(name);
    }
    if let Some(status) = body.status {
        after.set_suspended(status == RequestedStatus::Suspended, request.now);
    }
    if let Some(policy) = &body.policy {
        after.policy = after.policy.changed(policy)?;
    }
    request.caller.actor().may_change_organization(&before, &after)?;
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.version += 1;
    let action = audit::Action::OrganizationUpdated(Effect::of_organization(&before, &after));
    let event = request.audit_event(action, after.organization_id, changes);
    app.table.update_organization(&before, &after, &event).await?;
    Ok(after)
}

fn changes(before: &Organization, after: &Organization) -> Map<String, Value> {
    let shown = |organization: &Organization| json!({"name": organization.name, "status": organization.status, "policy": organization.policy});
    differences(&shown(before), &shown(after))
}

#[cfg(test)]
mod tests {
    use domain::policy::{Policy, Preset};

    use super::*;

    fn read(body: &str) -> Option<Body> {
        crate::request(body).patch().ok()
    }

    #[test]
    fn fuzzed_patches_of_organizations_hold_what_they_name_and_nothing_else() {
        fuzz::documents("organization_patch").play(|text| {
            let Some((body, document)) = fuzz::read_body(text, read) else { return false };
            assert_eq!(
                body.name.as_ref().map(Name::as_str),
                document.get("name").map(|name| name.as_str().unwrap())
            );
            let status = body.status.map(|status| match status {
                RequestedStatus::Active => json!("active"),
                RequestedStatus::Suspended => json!("suspended"),
            });
            assert_eq!(status.as_ref(), document.get("status"));
            assert_eq!(body.policy.is_some(), document.get("policy").is_some());
            let Some(change) = &body.policy else { return true };
            [Preset::Strict, Preset::Flexible].into_iter().any(|preset| {
                let once = Policy::preset(preset).changed(change).ok();
                let twice = once.clone().and_then(|policy| policy.changed(change).ok());
                assert_eq!(once, twice);
                once.is_some()
            })
        });
    }
}

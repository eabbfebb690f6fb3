use api::{Answer, Problem, Request, app::App, differences, ok, settable, until_won};
use domain::{
    Error,
    access::Action,
    organization::{Organization, Status},
    policy::PolicyChange,
    text::Name,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::OrganizationAnswer;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "settable")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "settable")]
    status: Option<Status>,
    #[serde(default, deserialize_with = "policy")]
    policy: Option<PolicyChange>,
}

fn policy<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PolicyChange>, D::Error> {
    crate::policy::preset_or_change(deserializer).map(Some)
}

/// Answers the changed organization. A policy applies to keys that are created or changed from then on.
pub(crate) async fn update(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    request.member()?.actor().may(Action::WriteOrganization)?;
    let body: Body = request.patch()?;
    let organization = until_won(|| change(app, request, &body)).await?;
    let version = organization.version;
    Ok(ok(&OrganizationAnswer::from(organization), Some(version)))
}

async fn change(app: &App, request: &Request, body: &Body) -> Result<Organization, Problem> {
    let member = request.member()?;
    let before = app.table.organization(member.organization_id).await?;
    let before = before.ok_or(Error::NotFound { what: "organization" })?;
    request.check_precondition(before.version)?;
    let mut after = before.clone();
    if let Some(name) = &body.name {
        after.name.clone_from(name);
    }
    if let Some(status) = body.status {
        after.status = status;
    }
    if let Some(policy) = &body.policy {
        after.policy = after.policy.changed(policy)?;
    }
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.version += 1;
    let target = ("organization", after.organization_id.to_string());
    let event =
        request.audit_event(after.organization_id, "organization.updated", target, Value::Object(changes));
    app.table.update_organization(&before, &after, &event).await?;
    Ok(after)
}

fn changes(before: &Organization, after: &Organization) -> Map<String, Value> {
    let shown = |organization: &Organization| json!({"name": organization.name, "status": organization.status, "policy": organization.policy});
    differences(&shown(before), &shown(after))
}

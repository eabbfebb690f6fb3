//! Creates an organization.

use api::{HandlerResult, Request, app::App, response::created};
use domain::{
    Error,
    audit::Action,
    id::OrganizationId,
    organization::Organization,
    policy::{Policy, PolicyChange, Preset},
    sign_in::SignedIn,
    text::Name,
    user::{Kind, User},
};
use serde::Deserialize;
use serde_json::json;

use crate::{creation_policy::CreationPolicy, response::OrganizationResponse};

/// A new organization.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewOrganization"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    name: Name,
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::policy::schema"))]
    #[serde(default, deserialize_with = "crate::policy::preset_or_change")]
    policy: PolicyChange,
}

/// Responds with the new organization. The caller is its first owner.
pub(crate) async fn create(
    app: &App,
    creation: &CreationPolicy,
    request: &Request<SignedIn>,
) -> HandlerResult {
    request.query(&[])?;
    let sign_in = &request.caller;
    creation.permit(sign_in)?;
    let email = sign_in.verified_email().ok_or_else(|| Error::Forbidden {
        needs: "a sign-in with a verified e-mail address, to which notices can go".to_owned(),
    })?;
    let body: Body = request.body()?;
    let policy = Policy::preset(Preset::default()).changed(&body.policy)?;
    let name = sign_in.shown_name();
    let mut owner = User::new(OrganizationId::random(), Kind::Owner, name, Some(email.clone()), request.now);
    owner.subject = Some(sign_in.hash());
    owner.proven_email = Some(email.clone());
    let organization = Organization::new(body.name, policy, &owner, request.now);
    let organization_id = organization.organization_id;
    let shown = json!({"name": organization.name, "policy": organization.policy});
    let shown_owner = json!({"kind": owner.kind, "name": owner.name});
    let events = [
        request.audit_event(organization_id, Action::OrganizationCreated, organization_id, shown),
        request.audit_event(organization_id, Action::UserCreated, owner.user_id, shown_owner),
    ];
    app.table.create_organization(&organization, &owner, &events).await?;
    Ok(created(&OrganizationResponse::from(organization), Some(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Body> {
        crate::request(body).body().ok()
    }

    #[test]
    fn fuzzed_organizations_start_with_the_policy_of_their_body_or_the_default_one() {
        let policy = |body: &Body| Policy::preset(Preset::default()).changed(&body.policy);
        fuzz::documents("new_organization").play(|text| {
            let Some((body, mut document)) = fuzz::read_body(text, read) else { return false };
            assert_eq!(document["name"], body.name.as_str());
            let Ok(made) = policy(&body) else { return false };
            let shown = serde_json::to_value(&made).unwrap();
            match document.get("policy").cloned() {
                None => assert_eq!(made, Policy::preset(Preset::default())),
                // A word is the object of that preset and no more.
                Some(word) if word.is_string() => {
                    assert_eq!(shown["preset"], word);
                    document["policy"] = json!({"preset": word});
                    assert_eq!(policy(&read(&document.to_string()).unwrap()).ok(), Some(made));
                }
                Some(object) => {
                    let preset = object.get("preset").filter(|preset| !preset.is_null());
                    assert!(object.is_object() && preset.is_none_or(|preset| *preset == shown["preset"]));
                    document["policy"] = shown;
                    assert_eq!(policy(&read(&document.to_string()).unwrap()).ok(), Some(made));
                }
            }
            true
        });
    }
}

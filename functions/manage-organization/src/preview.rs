//! Shows which live keys a policy would not allow, before it is set.

use api::{AccessKeyResponse, HandlerResult, Member, Page, Paging, Request, app::App, response};
use domain::{access::Action, policy::PolicyChange};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use table::AccessKeyFilter;

/// A policy to try.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PolicyToPreview"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::policy::schema"))]
    #[serde(deserialize_with = "crate::policy::preset_or_change")]
    policy: PolicyChange,
}

/// A key that the proposed policy would not allow, with the first rule that it violates.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PolicyViolation"))]
pub(crate) struct Violation {
    access_key: AccessKeyResponse,
    rule: &'static str,
    value: Value,
}

/// A page of violations as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct PolicyPreviewPage {
    #[serde(flatten)]
    page: Page<Violation>,
    /// The number of live keys that this page was made from, those that the policy allows included.
    live_keys: usize,
}

/// Responds with a page of live keys that a policy would not allow.
///
/// A page holds those among `limit` keys that violate the policy: it can be empty and not be the last.
pub(crate) async fn preview(app: &App, request: &Request<Member>) -> HandlerResult {
    let member = &request.caller;
    member.actor().may(Action::WriteOrganization)?;
    let body: Body = request.body()?;
    let policy = app.organization(member).await?.policy.changed(&body.policy)?;
    let proposed = serde_json::to_string(&policy).expect("a policy is a map with text keys");
    let paging = Paging::read(request, Some(member.organization_id), &format!("preview of {proposed}"))?;
    let all = AccessKeyFilter::default();
    let after = paging.after(|position| all.position(position))?;
    let page = app.table.access_keys(member.organization_id, &all, request.now, after, paging.limit).await?;
    let live_keys = page.items.iter().filter(|found| found.key.status(request.now).is_live()).count();
    let violations = page.items.into_iter().filter_map(|found| {
        let (rule, value) = policy.violated_by(&found.key, &found.user, request.now)?;
        let access_key = AccessKeyResponse::new(found.key, &found.user, &app.key_prefix, request.now);
        Some(Violation { access_key, rule, value })
    });
    let page = paging.page(violations.collect(), page.next);
    Ok(response::ok(&PolicyPreviewPage { page, live_keys }, None))
}

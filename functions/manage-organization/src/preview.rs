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

#[cfg(test)]
mod tests {
    use domain::policy::{Policy, Preset};
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Option<Body> {
        crate::request(body).body().ok()
    }

    fn shown(policy: &Policy) -> Value {
        serde_json::to_value(policy).unwrap()
    }

    fn preset(word: &Value) -> Option<Value> {
        let presets = [Preset::Strict, Preset::Flexible].map(|preset| shown(&Policy::preset(preset)));
        presets.into_iter().find(|policy| policy["preset"] == *word)
    }

    /// Reads a whole number, also as `90.0` or `9e1`.
    fn whole(value: &Value) -> Option<i64> {
        let digits = value.as_f64()?.to_string();
        digits.parse().ok().filter(|_| digits != "-0")
    }

    /// Applies a change of a value to the value. `null` makes it `unset`, at any depth.
    fn changed(value: &Value, change: &Value, unset: &Value) -> Option<Value> {
        match (value, change) {
            (_, Value::Null) => Some(unset.clone()),
            (Value::Object(members), Value::Object(changes)) => {
                let mut members = members.clone();
                for (name, change) in changes {
                    let member = members.get_mut(name)?;
                    *member = changed(member, change, &unset[name])?;
                }
                Some(members.into())
            }
            (Value::Array(_), Value::Array(days)) => {
                let mut days: Vec<_> = days.iter().map(whole).collect::<Option<_>>()?;
                days.sort_by_key(|day| -day);
                Some(json!(days))
            }
            (Value::Number(_), change) => whole(change).map(Value::from),
            (Value::Bool(_), Value::Bool(_)) => Some(change.clone()),
            (Value::String(_), Value::String(word)) => {
                ["none", "before_expiry", "any_time"].contains(&word.as_str()).then(|| change.clone())
            }
            _ => None,
        }
    }

    fn is_allowed(policy: &Value) -> bool {
        let number = |path: &str| policy.pointer(path).unwrap().as_i64().unwrap();
        let quotas = ["owner", "normal", "machine"].map(|kind| number(&format!("/quota/{kind}")));
        let (shortest, longest) = (number("/lifetime/min_seconds"), number("/lifetime/max_seconds"));
        let days = policy["notices"]["days_before"].as_array().unwrap();
        let is_day = |day: &Value| (1..=365).contains(&day.as_i64().unwrap());
        quotas.into_iter().all(|quota| (0..=100).contains(&quota))
            && 1 <= shortest
            && shortest <= longest
            && longest <= 36_500 * 86_400
            && (0..=365 * 86_400).contains(&number("/rotation/max_overlap_seconds"))
            && days.len() <= 10
            && days.iter().all(is_day)
            && days.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Returns the policy that a body proposes to an organization with a policy, by the rules of each value.
    fn proposed(body: &Value, current: &Value) -> Option<Value> {
        let mut change = match body.as_object().filter(|members| members.len() == 1)?.get("policy")? {
            Value::Object(change) => change.clone(),
            word => return preset(word),
        };
        let start = change.remove("preset").map_or(Some(current.clone()), |word| preset(&word))?;
        let policy = changed(&start, &change.into(), &preset(&start["preset"])?)?;
        is_allowed(&policy).then_some(policy)
    }

    #[test]
    fn fuzzed_previews_propose_the_policy_that_their_values_make_of_the_current_one() {
        let target = fuzz::documents("policy_preview");
        let first = read(&target.first().to_string()).unwrap();
        let [strict, flexible] = [Preset::Strict, Preset::Flexible].map(Policy::preset);
        let policies = [strict.clone().changed(&first.policy).unwrap(), strict, flexible];
        target.play(|text| {
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            let body = read(&document.to_string());
            let mut any_is_allowed = false;
            for current in &policies {
                let policy = body.as_ref().map(|body| current.clone().changed(&body.policy));
                let policy = policy.and_then(Result::ok).as_ref().map(shown);
                assert_eq!(policy, proposed(&document, &shown(current)));
                any_is_allowed |= policy.is_some();
            }
            fuzz::read_body(text, read).is_some() && any_is_allowed
        });
    }
}

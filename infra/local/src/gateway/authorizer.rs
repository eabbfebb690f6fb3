//! Lambda authorizers: when they are called, how their responses are read, and for how long they are cached.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::timeout;

use super::{access_log::AccessLogEntry, event::GatewayEvent};
use crate::{
    pattern, random,
    runtime::Runtime,
    tasks::lock,
    template::api::{Authorizer, IdentitySource},
};

const TIMEOUT: Duration = Duration::from_secs(10);

/// The decision on a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// The request goes on, with this context.
    Allowed(Value),
    /// 403.
    Denied,
    /// 401: an identity source is missing, and the authorizer was not called.
    Unauthenticated,
    /// 500: the authorizer failed, or its response is invalid. This is why.
    Failed(String),
}

/// The name of an authorizer, and the values of its identity sources.
type CacheKey = (String, Vec<String>);

/// The cached responses of the authorizers, with the time of each.
#[derive(Debug, Default)]
pub(super) struct Authorizers {
    cache: Mutex<HashMap<CacheKey, (Instant, Value)>>,
}

impl Authorizers {
    /// Decides on a request, by a cached response or by calling the authorizer.
    pub(super) async fn decide(
        &self,
        runtime: &Runtime,
        name: &str,
        authorizer: &Authorizer,
        event: &GatewayEvent,
        entry: &mut AccessLogEntry,
    ) -> Decision {
        let Some(identity) = identity(&authorizer.identity, event) else {
            return Decision::Unauthenticated;
        };
        let key = (name.to_owned(), identity);
        let max_age = Duration::from_secs(authorizer.cache_seconds);
        let cached = lock(&self.cache).get(&key).filter(|(since, _)| since.elapsed() < max_age).cloned();
        if let Some((_, response)) = cached {
            return read(authorizer.simple, &response, event);
        }
        let request = if authorizer.payload_2 { event.authorizer(&key.1) } else { version_1(event, &key.1) };
        let (id, began) = (random::uuid(), Instant::now());
        let result = timeout(TIMEOUT, runtime.invoke_as(&id, &authorizer.function, &request)).await;
        entry.set_authorizer_call(id, began.elapsed(), matches!(result, Ok(Ok(_))));
        match result {
            Ok(Ok(response)) => {
                let decision = read(authorizer.simple, &response, event);
                if !max_age.is_zero() && !matches!(decision, Decision::Failed(_)) {
                    lock(&self.cache).insert(key, (Instant::now(), response));
                }
                decision
            }
            Ok(Err(error)) => Decision::Failed(error.error_message),
            Err(_) => Decision::Failed("The authorizer did not respond in time".to_owned()),
        }
    }
}

fn identity(sources: &[IdentitySource], event: &GatewayEvent) -> Option<Vec<String>> {
    let value = |source: &IdentitySource| match source {
        IdentitySource::Header(name) => event.header(name),
        IdentitySource::Query(name) => event.query(name),
    };
    sources.iter().map(|source| value(source).filter(|value| !value.is_empty()).map(str::to_owned)).collect()
}

fn version_1(event: &GatewayEvent, identity: &[String]) -> Value {
    let mut request = event.rest.authorizer_event();
    request["version"] = "1.0".into();
    request["identitySource"] = identity.join(",").into();
    request["authorizationToken"] = identity.join(",").into();
    request
}

fn read(simple: bool, response: &Value, event: &GatewayEvent) -> Decision {
    let context = match &response["context"] {
        Value::Null => Value::Object(serde_json::Map::new()),
        context @ Value::Object(_) => context.clone(),
        _ => return invalid(),
    };
    let allowed =
        if simple { response["isAuthorized"].as_bool() } else { policy_allows(response, event.route_arn()) };
    match allowed {
        Some(true) => Decision::Allowed(context),
        Some(false) => Decision::Denied,
        None => invalid(),
    }
}

fn invalid() -> Decision {
    Decision::Failed("The response of the authorizer is invalid".to_owned())
}

/// Evaluates a policy for one ARN: a denial wins; `None` if the response has no policy.
fn policy_allows(response: &Value, arn: &str) -> Option<bool> {
    response["principalId"].as_str()?;
    let statements = response["policyDocument"]["Statement"].as_array()?;
    let applies = |statement: &&Value| match &statement["Resource"] {
        Value::String(pattern) => pattern::matches(pattern, arn),
        Value::Array(patterns) => {
            patterns.iter().filter_map(Value::as_str).any(|pattern| pattern::matches(pattern, arn))
        }
        _ => false,
    };
    let effects: Vec<&Value> =
        statements.iter().filter(applies).map(|statement| &statement["Effect"]).collect();
    Some(!effects.iter().any(|effect| *effect == "Deny") && effects.iter().any(|effect| *effect == "Allow"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_allows_the_resources_that_it_names_and_a_denial_wins() {
        let arn = "arn:aws:execute-api:us-east-1:0:api/$default/GET/a/b";
        let response =
            |statements: Value| json!({"principalId": "p", "policyDocument": {"Statement": statements}});
        let allow = json!({"Effect": "Allow", "Resource": "arn:aws:execute-api:*:api/$default/*"});
        let deny = json!({"Effect": "Deny", "Resource": ["x", "*/GET/a/?"]});
        assert_eq!(policy_allows(&response(json!([allow])), arn), Some(true));
        assert_eq!(policy_allows(&response(json!([allow, deny])), arn), Some(false));
        assert_eq!(policy_allows(&response(json!([])), arn), Some(false));
        assert_eq!(policy_allows(&json!({"isAuthorized": true}), arn), None);
    }
}

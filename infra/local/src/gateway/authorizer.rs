//! Lambda authorizers: when they are called, what their answers mean, and for how long.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::timeout;

use super::event::Event;
use crate::{
    pattern,
    runtime::Runtime,
    tasks::lock,
    template::api::{Authorizer, IdentitySource},
};

const LIMIT: Duration = Duration::from_secs(10);

/// What an authorizer decides.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// The request goes on, with this context.
    Allowed(Value),
    /// 403.
    Denied,
    /// 401: a part of the identity is missing, and nobody was asked.
    Missing,
    /// 500: the authorizer failed, or its answer is not one.
    Failed,
}

/// An authorizer's name, and the values of its identity sources.
type Key = (String, Vec<String>);

/// The answers that still hold.
#[derive(Debug, Default)]
pub(super) struct Authorizers {
    kept: Mutex<HashMap<Key, (Instant, Value)>>,
}

impl Authorizers {
    /// Decides a request, from a kept answer or by asking.
    pub(super) async fn decide(
        &self,
        runtime: &Runtime,
        name: &str,
        authorizer: &Authorizer,
        event: &Event,
    ) -> Decision {
        let Some(identity) = identity(&authorizer.identity, event) else {
            return Decision::Missing;
        };
        let key = (name.to_owned(), identity);
        let hold = Duration::from_secs(authorizer.cache_seconds);
        let kept = lock(&self.kept).get(&key).filter(|(since, _)| since.elapsed() < hold).cloned();
        if let Some((_, answer)) = kept {
            return read(authorizer.simple, &answer, event);
        }
        let request = if authorizer.payload_2 { event.authorizer(&key.1) } else { version_1(event, &key.1) };
        match timeout(LIMIT, runtime.invoke(&authorizer.function, &request)).await {
            Ok(Ok(answer)) => {
                let decision = read(authorizer.simple, &answer, event);
                if !hold.is_zero() && decision != Decision::Failed {
                    lock(&self.kept).insert(key, (Instant::now(), answer));
                }
                decision
            }
            _ => Decision::Failed,
        }
    }
}

fn identity(sources: &[IdentitySource], event: &Event) -> Option<Vec<String>> {
    let value = |source: &IdentitySource| match source {
        IdentitySource::Header(name) => event.header(name),
        IdentitySource::Query(name) => event.query(name),
    };
    sources.iter().map(|source| value(source).filter(|value| !value.is_empty()).map(str::to_owned)).collect()
}

fn version_1(event: &Event, identity: &[String]) -> Value {
    let mut request = event.rest.authorizer_event();
    request["version"] = "1.0".into();
    request["identitySource"] = identity.join(",").into();
    request["authorizationToken"] = identity.join(",").into();
    request
}

fn read(simple: bool, answer: &Value, event: &Event) -> Decision {
    let context = match &answer["context"] {
        Value::Null => Value::Object(serde_json::Map::new()),
        context @ Value::Object(_) => context.clone(),
        _ => return Decision::Failed,
    };
    let allowed =
        if simple { answer["isAuthorized"].as_bool() } else { policy_allows(answer, event.route_arn()) };
    match allowed {
        Some(true) => Decision::Allowed(context),
        Some(false) => Decision::Denied,
        None => Decision::Failed,
    }
}

/// Evaluates a policy for one ARN: a denial wins; `None` where the answer holds no policy.
fn policy_allows(answer: &Value, arn: &str) -> Option<bool> {
    answer["principalId"].as_str()?;
    let statements = answer["policyDocument"]["Statement"].as_array()?;
    let about = |statement: &&Value| match &statement["Resource"] {
        Value::String(pattern) => pattern::matches(pattern, arn),
        Value::Array(patterns) => {
            patterns.iter().filter_map(Value::as_str).any(|pattern| pattern::matches(pattern, arn))
        }
        _ => false,
    };
    let effects: Vec<&Value> =
        statements.iter().filter(about).map(|statement| &statement["Effect"]).collect();
    Some(!effects.iter().any(|effect| *effect == "Deny") && effects.iter().any(|effect| *effect == "Allow"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_allows_what_it_names_and_a_denial_wins() {
        let arn = "arn:aws:execute-api:us-east-1:0:api/$default/GET/a/b";
        let answer =
            |statements: Value| json!({"principalId": "p", "policyDocument": {"Statement": statements}});
        let allow = json!({"Effect": "Allow", "Resource": "arn:aws:execute-api:*:api/$default/*"});
        let deny = json!({"Effect": "Deny", "Resource": ["x", "*/GET/a/?"]});
        assert_eq!(policy_allows(&answer(json!([allow])), arn), Some(true));
        assert_eq!(policy_allows(&answer(json!([allow, deny])), arn), Some(false));
        assert_eq!(policy_allows(&answer(json!([])), arn), Some(false));
        assert_eq!(policy_allows(&json!({"isAuthorized": true}), arn), None);
    }
}

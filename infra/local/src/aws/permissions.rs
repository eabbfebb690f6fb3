//! IAM: judges each call of a function by the role that the template gives it.
//!
//! A call is allowed if a policy of the role and the permissions boundary both allow each of its actions, and no statement
//! denies one. A caller outside the stack, as a test's own client, is not judged.

mod needs;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use hyper::StatusCode;

use self::needs::Need;
pub(crate) use self::needs::Resources;
use super::{calls::Service, cloudformation, identify::AwsRequest, refusals, ses};
use crate::{
    http::Response,
    pattern,
    tasks::lock,
    template::{
        ACCOUNT,
        policy::{Condition, Quantifier, Role, Statement},
    },
};

/// The roles of all functions.
#[derive(Debug)]
pub(crate) struct Permissions {
    /// By the name of the function.
    roles: BTreeMap<String, Role>,
    resources: Resources,
    used: Mutex<BTreeSet<String>>,
}

/// Why a call is refused.
#[derive(Debug, PartialEq, Eq)]
struct Denial {
    user: String,
    action: String,
    resource: String,
    because: String,
}

impl Permissions {
    pub(crate) fn new(roles: BTreeMap<String, Role>, resources: Resources) -> Self {
        Self { roles, resources, used: Mutex::default() }
    }

    /// Judges a call; the refusal, if its caller may not make it.
    pub(super) fn refuse(&self, request: &AwsRequest, body: &[u8]) -> Option<Response> {
        let caller = request.caller.as_ref()?;
        if !request.has_session_token {
            return Some(refusals::unknown_credentials(request.service));
        }
        let needs = self.resources.needs(request, body);
        let denial = needs.iter().find_map(|need| self.check(&caller.function, need).err())?;
        Some(denial.to_response(request.service))
    }

    /// Judges an action that the stack does with the role of a resource other than a function.
    pub(crate) fn allow(&self, name: &str, action: &str, resource: &str) -> Result<(), String> {
        let need = Need { action: action.to_owned(), resource: resource.to_owned(), values: BTreeMap::new() };
        self.check(name, &need).map_err(|denial| denial.message())
    }

    fn check(&self, function: &str, need: &Need) -> Result<(), Denial> {
        let role = self.roles.get(function);
        let denial = |because: String| Denial {
            user: user(role.map_or("unknown", |role| &role.resource), function),
            action: need.action.clone(),
            resource: need.resource.clone(),
            because,
        };
        let (policies, boundary) =
            role.map(|role| (role.policies.as_slice(), role.boundary.as_deref())).unwrap_or_default();
        for (statements, place) in
            [(policies, "an identity-based policy"), (boundary.unwrap_or_default(), "a permissions boundary")]
        {
            if statements.iter().any(|statement| !statement.allows && statement.applies_to(need)) {
                return Err(denial(format!("with an explicit deny in {place}")));
            }
        }
        let allowing = |statement: &&Statement| statement.allows && statement.applies_to(need);
        let mut found = policies.iter().filter(allowing).peekable();
        if found.peek().is_none() {
            let action = &need.action;
            return Err(denial(format!("because no identity-based policy allows the {action} action")));
        }
        if boundary.is_some_and(|boundary| !boundary.iter().any(|statement| allowing(&statement))) {
            let action = &need.action;
            return Err(denial(format!("because no permissions boundary allows the {action} action")));
        }
        let mut used = lock(&self.used);
        for grant in found.flat_map(|statement| statement.grants(function, Some(need))) {
            used.insert(grant);
        }
        Ok(())
    }

    /// Lists every grant: a function, a statement of its role, an action and a resource.
    pub(crate) fn grants(&self) -> BTreeSet<String> {
        let allowing = |(function, role): (&String, &Role)| {
            let statements = role.policies.iter().filter(|statement| statement.allows);
            statements.flat_map(|statement| statement.grants(function, None)).collect::<Vec<_>>()
        };
        self.roles.iter().flat_map(allowing).collect()
    }

    /// Lists the grants by which a call was allowed.
    pub(crate) fn used_grants(&self) -> BTreeSet<String> {
        lock(&self.used).clone()
    }
}

impl Statement {
    fn applies_to(&self, need: &Need) -> bool {
        self.actions.iter().any(|action| includes(action, &need.action))
            && self.resources.iter().any(|resource| pattern::matches(resource, &need.resource))
            && self.conditions.iter().all(|condition| condition.is_met(need))
    }

    /// Spells the grants of this statement: all, or those that a call needs.
    fn grants<'s>(&'s self, function: &'s str, need: Option<&'s Need>) -> impl Iterator<Item = String> + 's {
        let needed = move |action: &&String, resource: &&String| {
            need.is_none_or(|need| {
                includes(action, &need.action) && pattern::matches(resource, &need.resource)
            })
        };
        let all = self
            .actions
            .iter()
            .flat_map(|action| self.resources.iter().map(move |resource| (action, resource)));
        let all = all.filter(move |(action, resource)| needed(action, resource));
        all.map(move |(action, resource)| format!("{function}\t{}\t{action}\t{resource}", self.sid))
    }
}

/// Tells whether a pattern of actions includes an action. Case does not count.
fn includes(pattern: &str, action: &str) -> bool {
    pattern::matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

impl Condition {
    fn is_met(&self, need: &Need) -> bool {
        let matches = |value: &String| {
            let one = |wanted: &String| {
                if self.is_pattern { pattern::matches(wanted, value) } else { wanted == value }
            };
            self.values.iter().any(one) != self.is_negated
        };
        match (self.quantifier, need.values.get(&self.key)) {
            (Quantifier::All, values) => values.is_none_or(|values| values.iter().all(matches)),
            (Quantifier::Any, values) => values.is_some_and(|values| values.iter().any(matches)),
            // A comparison with a missing value fails, and its negation holds.
            (Quantifier::One, None) => self.is_negated,
            (Quantifier::One, Some(values)) => values.iter().all(matches),
        }
    }
}

/// Spells the ARN of a function's session of its role.
fn user(resource: &str, function: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/local-{resource}Role/{function}")
}

impl Denial {
    fn message(&self) -> String {
        let Self { user, action, resource, because } = self;
        format!("User: {user} is not authorized to perform: {action} on resource: {resource} {because}")
    }

    fn to_response(&self, service: Service) -> Response {
        let Self { user, action, resource, .. } = self;
        let message = self.message();
        match service {
            Service::DynamoDb => {
                refusals::dynamodb(StatusCode::BAD_REQUEST, "AccessDeniedException", &message)
            }
            Service::SecretsManager | Service::EventBridge => {
                refusals::secrets(StatusCode::BAD_REQUEST, "AccessDeniedException", &message)
            }
            Service::CloudFormation | Service::S3 => {
                cloudformation::error(StatusCode::FORBIDDEN, "AccessDenied", &message)
            }
            Service::Ses => {
                let message =
                    format!("User `{user}' is not authorized to perform `{action}' on resource `{resource}'");
                ses::error(StatusCode::FORBIDDEN, "AccessDenied", &message)
            }
        }
    }
}

#[cfg(test)]
mod tests;

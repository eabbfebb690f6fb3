//! What each function may do: the policies of its role, and its permissions boundary.
//!
//! The stack understands what `template.yaml` uses. It refuses to start with any other element of a policy, so that none
//! passes silently.
//!
//! Over 300 lines: a third of them are its tests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Resources,
    functions::FUNCTION,
    names,
    resolve::{Resolver, object, plain_text},
};
use crate::error::TemplateError;

/// The role of one function.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// The name of the function's resource.
    pub(crate) resource: String,
    pub(crate) policies: Vec<Statement>,
    /// `None` if the function has no permissions boundary.
    pub(crate) boundary: Option<Vec<Statement>>,
}

/// One statement of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sid: String,
    pub(crate) allows: bool,
    /// Patterns of actions.
    pub(crate) actions: Vec<String>,
    /// Patterns of ARNs.
    pub(crate) resources: Vec<String>,
    /// All of them must be met.
    pub(crate) conditions: Vec<Condition>,
}

/// One condition: what the request must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) key: ConditionKey,
    pub(crate) quantifier: Quantifier,
    /// Whether the values are patterns.
    pub(crate) is_pattern: bool,
    /// Whether no value may match.
    pub(crate) is_negated: bool,
    pub(crate) values: Vec<String>,
}

/// The part of a request that a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConditionKey {
    /// The partition keys that a request of `DynamoDB` names: `dynamodb:LeadingKeys`.
    LeadingKeys,
    /// The address of a mail's `From` header: `ses:FromAddress`.
    FromAddress,
    /// The service that uses a key of KMS in the name of its caller: `kms:ViaService`.
    ViaService,
    /// The function that rotates a secret: `secretsmanager:resource/AllowRotationLambdaArn`.
    RotationFunction,
}

/// How a condition compares a key that has several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// The key has one value.
    One,
    /// `ForAllValues`: each value of the request must match. A request without the key matches too.
    All,
    /// `ForAnyValue`: one value of the request must match.
    Any,
}

/// Reads the role of every function, by the name of the function.
pub(crate) fn roles(
    template: &Value,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<BTreeMap<String, Role>, TemplateError> {
    let globals = resolver.resolve(&template["Globals"]["Function"])?;
    let functions = resources.iter().filter(|(_, resource)| resource["Type"] == FUNCTION);
    let role = |(name, resource): &(&str, &Value)| {
        let properties = resolver.resolve(&resource["Properties"])?;
        if !properties["Role"].is_null() || !globals["Role"].is_null() {
            return Err(unknown(name, "Role: a role of its own"));
        }
        let boundary = [&properties, &globals].into_iter().map(|source| &source["PermissionsBoundary"]);
        let boundary = boundary.into_iter().find(|boundary| !boundary.is_null());
        let role = Role {
            resource: (*name).to_owned(),
            policies: policies(name, &properties["Policies"], resources, resolver)?,
            boundary: boundary
                .map(|boundary| {
                    managed_policy(&format!("{name}.PermissionsBoundary"), boundary, resources, resolver)
                })
                .transpose()?,
        };
        Ok((names::folder(&template["Resources"], name), role))
    };
    functions.map(role).collect()
}

/// Reads the role of the template that has an ARN, for a resource other than a function.
pub(crate) fn role_of(
    resource: &str,
    arn: &Value,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Role, TemplateError> {
    let arn = plain_text(arn);
    let (_, name) = arn.rsplit_once(":role/").unwrap_or_default();
    let role = resources.iter().find(|(role, found)| *role == name && found["Type"] == "AWS::IAM::Role");
    let (_, role) = role.ok_or_else(|| unknown(resource, &format!("the role {arn}")))?;
    let properties = resolver.resolve(&role["Properties"])?;
    let mut statements = Vec::new();
    for policy in list(&properties["Policies"]) {
        statements.extend(document(name, &policy["PolicyDocument"])?);
    }
    for policy in list(&properties["ManagedPolicyArns"]) {
        statements.extend(managed_policy(name, policy, resources, resolver)?);
    }
    Ok(Role { resource: resource.to_owned(), policies: statements, boundary: None })
}

fn policies(
    function: &str,
    policies: &Value,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Vec<Statement>, TemplateError> {
    let place = format!("{function}.Policies");
    let mut statements = Vec::new();
    for policy in list(policies) {
        match policy {
            Value::String(_) => statements.extend(managed_policy(&place, policy, resources, resolver)?),
            policy if policy.get("Statement").is_none() => {
                let name = object(policy).next().map_or("nothing", |(name, _)| name);
                return Err(unknown(&place, &format!("{name}, a policy template of SAM")));
            }
            policy => statements.extend(document(&place, policy)?),
        }
    }
    Ok(statements)
}

/// Reads a managed policy of the template.
fn managed_policy(
    place: &str,
    policy: &Value,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Vec<Statement>, TemplateError> {
    let name = plain_text(policy);
    let policy = resources
        .iter()
        .find(|(resource, policy)| *resource == name && policy["Type"] == "AWS::IAM::ManagedPolicy");
    let (_, policy) = policy.ok_or_else(|| unknown(place, &format!("the managed policy {name}")))?;
    document(&name, &resolver.resolve(&policy["Properties"]["PolicyDocument"])?)
}

/// Reads a policy document.
fn document(place: &str, policy: &Value) -> Result<Vec<Statement>, TemplateError> {
    for (name, value) in object(policy) {
        match name.as_str() {
            "Statement" | "Id" => {}
            "Version" if *value == "2012-10-17" => {}
            "Version" => return Err(unknown(place, &format!("Version {}", plain_text(value)))),
            other => return Err(unknown(place, other)),
        }
    }
    list(&policy["Statement"]).map(|statement| Statement::read(place, statement)).collect()
}

impl Statement {
    fn read(place: &str, statement: &Value) -> Result<Self, TemplateError> {
        let sid = plain_text(&statement["Sid"]);
        let place = format!("{place}, statement {}", if sid.is_empty() { "without Sid" } else { &sid });
        for (name, _) in object(statement) {
            if !["Sid", "Effect", "Action", "Resource", "Condition"].contains(&name.as_str()) {
                return Err(unknown(&place, name));
            }
        }
        let allows = match statement["Effect"].as_str() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(TemplateError::new(place, "has an Effect other than Allow and Deny")),
        };
        let actions = texts(&statement["Action"]);
        if actions.is_empty() || actions.iter().any(|action| action != "*" && !action.contains(':')) {
            return Err(TemplateError::new(place, "has an Action other than service:Action"));
        }
        let resources = texts(&statement["Resource"]);
        if resources.is_empty()
            || resources.iter().any(|resource| resource != "*" && !resource.starts_with("arn:"))
        {
            return Err(TemplateError::new(place, "has a Resource other than ARNs"));
        }
        let mut conditions = Vec::new();
        for (operator, keys) in object(&statement["Condition"]) {
            for (key, values) in object(keys) {
                conditions.push(Condition::read(&place, operator, key, values)?);
            }
        }
        let variable = |text: &String| text.contains("${");
        let of_conditions = conditions.iter().flat_map(|condition| &condition.values);
        if let Some(text) = resources.iter().chain(of_conditions).find(|text| variable(text)) {
            return Err(unknown(&place, &format!("the variable in {text}")));
        }
        Ok(Self { sid, allows, actions, resources, conditions })
    }
}

impl Condition {
    fn read(place: &str, operator: &str, key: &str, values: &Value) -> Result<Self, TemplateError> {
        let (quantifier, comparison) = match operator.split_once(':') {
            Some(("ForAllValues", comparison)) => (Quantifier::All, comparison),
            Some(("ForAnyValue", comparison)) => (Quantifier::Any, comparison),
            _ => (Quantifier::One, operator),
        };
        let (is_pattern, is_negated) = match comparison {
            "StringEquals" => (false, false),
            "StringNotEquals" => (false, true),
            "StringLike" => (true, false),
            "StringNotLike" => (true, true),
            _ => return Err(unknown(place, &format!("the operator {operator}"))),
        };
        let key = match (key.to_ascii_lowercase().as_str(), quantifier) {
            ("dynamodb:leadingkeys", Quantifier::All | Quantifier::Any) => ConditionKey::LeadingKeys,
            ("ses:fromaddress", Quantifier::One) => ConditionKey::FromAddress,
            ("kms:viaservice", Quantifier::One) => ConditionKey::ViaService,
            ("secretsmanager:resource/allowrotationlambdaarn", Quantifier::One) => {
                ConditionKey::RotationFunction
            }
            _ => return Err(unknown(place, &format!("{operator} of {key}"))),
        };
        Ok(Self { key, quantifier, is_pattern, is_negated, values: texts(values) })
    }
}

fn unknown(place: &str, element: &str) -> TemplateError {
    TemplateError::new(place, format!("has {element}, by which the local stack cannot judge a call"))
}

/// Iterates over a list, or over a single value as a list of one; null is an empty list.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.iter(),
        Value::Null => [].iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    list(value).map(plain_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{present, yaml};

    fn read(policies: &str) -> Result<Role, TemplateError> {
        let template = yaml::parse(&format!(
            "Resources: {{F: {{Type: 'AWS::Serverless::Function', Properties: {policies}}},
              B: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {{Statement: []}}}}}},
              C: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {{Statement: [{{Effect: Allow,
                Action: 'kms:Decrypt', Resource: 'arn:k', Condition: {{StringEquals: {{'kms:ViaService': a}}}}}}]}}}}}}}}"
        ))?;
        let resolver = Resolver::new(&template, &BTreeMap::new())?;
        let roles = roles(&template, &present(&template, &resolver)?, &resolver)?;
        Ok(roles["f"].clone())
    }

    #[test]
    fn a_role_has_its_statements_and_its_boundary() {
        let attached = read("{Policies: [!Ref C]}").unwrap().policies;
        assert_eq!(attached[0].conditions[0].key, ConditionKey::ViaService);
        let role = read(
            "{PermissionsBoundary: !Ref B, Policies: {Version: '2012-10-17', Statement: {Sid: S, Effect: Deny,
              Action: ['a:B', 'a:C*'], Resource: 'arn:x', Condition: {
                'ForAllValues:StringLike': {'dynamodb:LeadingKeys': [A, B]}, StringNotEquals: {'ses:FromAddress': a}}}}}",
        )
        .unwrap();
        assert_eq!((role.resource.as_str(), role.boundary.map(|boundary| boundary.len())), ("F", Some(0)));
        let [statement] = role.policies.as_slice() else { panic!("{:?}", role.policies) };
        assert_eq!((statement.sid.as_str(), statement.allows, statement.actions.len()), ("S", false, 2));
        let expected = [
            Condition {
                key: ConditionKey::LeadingKeys,
                quantifier: Quantifier::All,
                is_pattern: true,
                is_negated: false,
                values: vec!["A".to_owned(), "B".to_owned()],
            },
            Condition {
                key: ConditionKey::FromAddress,
                quantifier: Quantifier::One,
                is_pattern: false,
                is_negated: true,
                values: vec!["a".to_owned()],
            },
        ];
        assert!(expected.iter().all(|condition| statement.conditions.contains(condition)), "{statement:?}");
    }

    #[test]
    fn what_is_not_understood_fails_the_start_and_is_named() {
        let with = |statement: &str| format!("{{Policies: [{{Statement: [{{Sid: S, {statement}}}]}}]}}");
        let allow = |more: &str| with(&format!("Effect: Allow, Action: 'a:B', Resource: '*', {more}"));
        for (policies, named) in [
            ("{Policies: [AmazonDynamoDBFullAccess]}".to_owned(), "AmazonDynamoDBFullAccess"),
            ("{Policies: [{DynamoDBCrudPolicy: {TableName: t}}]}".to_owned(), "DynamoDBCrudPolicy"),
            ("{Role: 'arn:aws:iam::1:role/r'}".to_owned(), "Role"),
            ("{PermissionsBoundary: 'arn:aws:iam::aws:policy/p'}".to_owned(), "policy/p"),
            ("{Policies: {Version: '2008-10-17', Statement: []}}".to_owned(), "Version 2008-10-17"),
            ("{Policies: {Statement: [], Principal: x}}".to_owned(), "Principal"),
            (allow("Principal: '*'"), "Principal"),
            (allow("NotResource: 'arn:x'"), "NotResource"),
            (with("Effect: Allow, NotAction: 'a:B', Resource: '*'"), "NotAction"),
            (with("Effect: Maybe, Action: 'a:B', Resource: '*'"), "Effect"),
            (with("Effect: Allow, Action: anything, Resource: '*'"), "Action"),
            (with("Effect: Allow, Action: 'a:B', Resource: table"), "Resource"),
            (with("Effect: Allow, Action: 'a:B'"), "Resource"),
            (with("Effect: Allow, Action: 'a:B', Resource: 'arn:${!aws:username}'"), "aws:username"),
            (allow("Condition: {Bool: {'aws:SecureTransport': 'true'}}"), "Bool"),
            (allow("Condition: {StringEquals: {'aws:SourceIp': a}}"), "aws:SourceIp"),
            (allow("Condition: {StringLike: {'dynamodb:LeadingKeys': a}}"), "dynamodb:LeadingKeys"),
            (allow("Condition: {'ForAllValues:StringEquals': {'ses:FromAddress': a}}"), "ses:FromAddress"),
        ] {
            let problem = read(&policies).unwrap_err().to_string();
            assert!(problem.contains(named) && problem.contains('F'), "{policies}: {problem}");
        }
    }
}

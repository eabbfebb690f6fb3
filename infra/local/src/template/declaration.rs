//! A function as the template declares it: its routes and its permissions, for tests that compare the template with
//! the rest of the repository.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Resources,
    api::{Api, Route},
    functions::FUNCTION,
    names, present,
    resolve::{Resolver, object, plain_text},
    with_local_values, yaml,
};
use crate::{error::TemplateError, pattern};

/// A function as the template declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDeclaration {
    /// The name of its resource, for example `ManageUsersFunction`.
    pub resource: String,
    /// The name of its folder, package and binary.
    pub name: String,
    /// The keys of its routes, for example `GET /v1/whoami`.
    pub routes: Vec<String>,
    /// What its own policies allow.
    pub permissions: Vec<Permission>,
    /// What its permissions boundary allows. AWS ignores a permission that the boundary does not allow too.
    pub boundary: Vec<Permission>,
}

/// One action on one resource. The conditions of the policy are not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The action, for example `dynamodb:GetItem`.
    pub action: String,
    /// The ARN of the resource, or a pattern of ARNs.
    pub resource: String,
}

impl Permission {
    /// Tells whether this permission includes another one.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        pattern::matches(&self.action, &other.action) && pattern::matches(&self.resource, &other.resource)
    }
}

/// Reads the functions that a template declares.
pub fn functions(text: &str) -> Result<Vec<FunctionDeclaration>, TemplateError> {
    let template = yaml::parse(text)?;
    let resolver = Resolver::new(&template, &with_local_values(&template, "", &BTreeMap::new()))?;
    let resources = present(&template, &resolver)?;
    let routes = Api::read(&template, &resources, &resolver)?.routes;
    let functions = resources.iter().filter(|(_, resource)| resource["Type"] == FUNCTION);
    let declaration = |(name, resource): &(&str, &Value)| {
        let properties = resolver.resolve(&resource["Properties"])?;
        let globals = resolver.resolve(&template["Globals"]["Function"])?;
        let folder = names::folder(&template["Resources"], name);
        let mut permissions = Vec::new();
        for policy in properties["Policies"].as_array().into_iter().flatten() {
            permissions.extend(allowed(name, policy)?);
        }
        let boundary =
            [&properties, &globals].into_iter().find_map(|source| source["PermissionsBoundary"].as_str());
        Ok(FunctionDeclaration {
            resource: (*name).to_owned(),
            routes: routes.iter().filter(|route| route.function == folder).map(Route::key).collect(),
            name: folder,
            permissions,
            boundary: boundary
                .map_or(Ok(Vec::new()), |boundary| managed_policy(boundary, &resources, &resolver))?,
        })
    };
    functions.map(declaration).collect()
}

fn managed_policy(
    name: &str,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Vec<Permission>, TemplateError> {
    let policy = resources.iter().find(|(resource, _)| *resource == name);
    let (_, policy) = policy.ok_or_else(|| TemplateError::new(name, "is not a resource of the template"))?;
    allowed(name, &resolver.resolve(&policy["Properties"]["PolicyDocument"])?)
}

/// Lists what a policy document allows, one action and one resource at a time.
fn allowed(place: &str, policy: &Value) -> Result<Vec<Permission>, TemplateError> {
    let statements = policy["Statement"].as_array();
    let statements =
        statements.ok_or_else(|| TemplateError::new(place, "has a policy without statements"))?;
    let mut allowed = Vec::new();
    for statement in statements {
        if statement["Effect"] != "Allow" || object(statement).any(|(field, _)| field.starts_with("Not")) {
            return Err(TemplateError::new(place, "has a statement other than Allow, Action and Resource"));
        }
        for action in one_or_many(&statement["Action"]) {
            let permission = |resource| Permission { action: action.clone(), resource };
            allowed.extend(one_or_many(&statement["Resource"]).into_iter().map(permission));
        }
    }
    Ok(allowed)
}

fn one_or_many(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(plain_text).collect(),
        one => vec![plain_text(one)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Globals: {Function: {PermissionsBoundary: !Ref Boundary}}
Resources:
  Table: {Type: 'AWS::DynamoDB::Table'}
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Statement: [{Effect: Allow, Action: 'dynamodb:Query', Resource: !Sub '${Table.Arn}/index/*'}]}}
  ListKeysFunction:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [{Statement: [{Effect: Allow, Action: ['dynamodb:Query'], Resource: !Sub '${Table.Arn}/index/GSI1'}]}]
      Events: {List: {Type: HttpApi, Properties: {Method: GET, Path: /v1/keys}}}
";

    #[test]
    fn a_declaration_names_routes_and_permissions() {
        let declared = functions(TEMPLATE).unwrap();
        let [function] = declared.as_slice() else { panic!("{declared:?}") };
        assert_eq!((function.resource.as_str(), function.name.as_str()), ("ListKeysFunction", "list-keys"));
        assert_eq!(function.routes, ["GET /v1/keys"]);
        assert_eq!(
            function.permissions[0].resource,
            "arn:aws:dynamodb:us-east-1:000000000000:table/access-keys/index/GSI1"
        );
        assert!(function.boundary[0].includes(&function.permissions[0]));
        assert!(!function.permissions[0].includes(&function.boundary[0]));
    }

    #[test]
    fn a_policy_that_cannot_be_listed_is_refused() {
        for policy in
            ["AmazonDynamoDBFullAccess", "{Statement: [{Effect: Allow, NotAction: 'iam:*', Resource: '*'}]}"]
        {
            let text = format!(
                "Resources: {{F: {{Type: 'AWS::Serverless::Function', Properties: {{Policies: [{policy}]}}}}}}"
            );
            assert!(functions(&text).is_err(), "{policy}");
        }
    }
}

//! A function as the template declares it: its routes and its permissions, for tests that compare the template with
//! the rest of the repository.

use std::collections::BTreeMap;

use super::{
    LocalUrls,
    api::{Api, Route},
    policy::{self, Role, Statement},
    present,
    resolve::Resolver,
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
    let resolver =
        Resolver::new(&template, &with_local_values(&template, &LocalUrls::example(), &BTreeMap::new()))?;
    let resources = present(&template, &resolver)?;
    let routes = Api::read(&template, &resources, &resolver)?.routes;
    let roles = policy::roles(&template, &resources, &resolver)?;
    let declaration = |(folder, role): (String, Role)| {
        Ok(FunctionDeclaration {
            routes: routes.iter().filter(|route| route.function == folder).map(Route::key).collect(),
            name: folder,
            permissions: allowed(&role.resource, &role.policies)?,
            boundary: allowed(&role.resource, &role.boundary.unwrap_or_default())?,
            resource: role.resource,
        })
    };
    roles.into_iter().map(declaration).collect()
}

/// Lists what statements allow, one action and one resource at a time.
fn allowed(place: &str, statements: &[Statement]) -> Result<Vec<Permission>, TemplateError> {
    let mut allowed = Vec::new();
    for Statement { allows, actions, resources, .. } in statements {
        if !allows {
            return Err(TemplateError::new(
                place,
                "has a statement that denies, and such statements are not listed",
            ));
        }
        for action in actions {
            let permission =
                |resource: &String| Permission { action: action.clone(), resource: resource.clone() };
            allowed.extend(resources.iter().map(permission));
        }
    }
    Ok(allowed)
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

//! Rules of the policy for the role that deploys.

use std::collections::BTreeSet;

use serde_json::Value;

use super::read;

const POLICY: &str = "infra/deployer-policy.json";

/// The most characters of a role's inline policies, without white space.
const INLINE_CHARACTERS: usize = 10_240;

/// Returns the service prefix of the actions that make resources of a type, such as `AWS::ApiGatewayV2::DomainName`.
fn service(resource_type: &str) -> String {
    match resource_type.split("::").nth(1).unwrap() {
        "ApiGatewayV2" => "apigateway".to_owned(),
        // SAM makes functions of it, and their API.
        "Serverless" => "lambda".to_owned(),
        service => service.to_lowercase(),
    }
}

#[test]
fn the_deploying_role_may_use_each_service_of_the_template() {
    let policy: Value = serde_json::from_str(&read(POLICY)).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let actions: Vec<&str> = statements
        .iter()
        .flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.iter().collect(),
            action => vec![action],
        })
        .map(|action| action.as_str().unwrap())
        .collect();
    assert!(actions.iter().all(|action| !action.contains(":*")), "{actions:?}");
    let allowed: BTreeSet<String> =
        actions.iter().map(|action| action.split(':').next().unwrap().to_owned()).collect();

    let template = read("template.yaml");
    let types = template.lines().filter_map(|line| line.strip_prefix("    Type: AWS::"));
    let needed: BTreeSet<String> = types.map(|name| service(&format!("AWS::{name}"))).collect();
    assert!(needed.len() > 5, "{needed:?}");
    assert_eq!(needed.difference(&allowed).collect::<Vec<_>>(), [] as [&String; 0]);
}

#[test]
fn the_policy_of_the_deploying_role_fits_into_a_role() {
    let characters = read(POLICY).chars().filter(|character| !character.is_whitespace()).count();
    assert!(characters <= INLINE_CHARACTERS, "{characters}");
}

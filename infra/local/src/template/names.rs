//! The values of `Ref` and `GetAtt` on this machine, and the names in ARNs.

use serde_json::Value;

use super::{ACCOUNT, REGION, TABLE};

/// The id of the API in events and ARNs.
pub(crate) const API_ID: &str = "local";

/// The name of the stack.
pub(crate) const STACK: &str = "local";

/// Resolves a pseudo parameter.
pub(crate) fn pseudo(name: &str) -> Option<&'static str> {
    Some(match name {
        "AWS::Region" => REGION,
        "AWS::AccountId" => ACCOUNT,
        "AWS::Partition" => "aws",
        "AWS::StackName" => STACK,
        "AWS::StackId" => "arn:aws:cloudformation:us-east-1:000000000000:stack/local/local",
        "AWS::URLSuffix" => "amazonaws.com",
        _ => return None,
    })
}

/// Resolves `Ref` of a resource, or of the alias that SAM makes for a function: `Function.Alias`.
pub(crate) fn reference(resources: &Value, name: &str) -> Option<String> {
    if let Some(function) = name.strip_suffix(".Alias") {
        let alias = resources.get(function)?["Properties"]["AutoPublishAlias"].as_str()?;
        return Some(format!("{}:{alias}", function_arn(&folder(resources, function))));
    }
    let kind = resources.get(name)?["Type"].as_str()?;
    Some(match kind {
        "AWS::DynamoDB::Table" => TABLE.to_owned(),
        "AWS::SecretsManager::Secret" => secret_arn(name),
        "AWS::Serverless::Function" => folder(resources, name),
        "AWS::Serverless::HttpApi" => API_ID.to_owned(),
        _ => name.to_owned(),
    })
}

/// Resolves `GetAtt` of a resource, or of the role that SAM makes for a function: `FunctionRole`.
pub(crate) fn attribute(resources: &Value, name: &str, attribute: &str) -> Option<String> {
    let function = name.strip_suffix("Role").and_then(|function| resources.get(function));
    if attribute == "Arn" && function.is_some_and(|function| function["Type"] == "AWS::Serverless::Function")
    {
        return Some(format!("arn:aws:iam::{ACCOUNT}:role/{name}"));
    }
    let kind = resources.get(name)?["Type"].as_str()?;
    Some(match (kind, attribute) {
        ("AWS::Serverless::Function", "Arn") => function_arn(&folder(resources, name)),
        ("AWS::DynamoDB::Table", "Arn") => table_arn(TABLE),
        ("AWS::DynamoDB::Table", "StreamArn") => format!("{}/stream/local", table_arn(TABLE)),
        ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        ("AWS::Events::EventBus", "Arn") => format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/local"),
        ("AWS::SQS::Queue", "QueueName") => format!("access-keys-{name}"),
        ("AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"),
        ("AWS::SecretsManager::Secret", "Arn" | "Id") => secret_arn(name),
        _ => format!("arn:aws:local:{REGION}:{ACCOUNT}:{name}/{attribute}"),
    })
}

/// Spells the ARN of a function.
pub(crate) fn function_arn(folder: &str) -> String {
    format!("arn:aws:lambda:local:{ACCOUNT}:function:{folder}")
}

/// Reads the folder from an ARN of a function, or from an integration URI that holds one.
pub(crate) fn function_of_arn(arn: &str) -> Option<&str> {
    let (_, rest) = arn.split_once(":function:")?;
    rest.split(['/', ':']).next()
}

/// Spells the ARN of a table.
pub(crate) fn table_arn(name: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}")
}

/// Spells the ARN of a secret.
pub(crate) fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-local0")
}

/// Reads the name of a secret from its ARN, which has a dash and six characters more.
pub(crate) fn secret_of_arn(arn: &str) -> String {
    let name = arn.rsplit_once(":secret:").map_or(arn, |(_, name)| name);
    name.rsplit_once('-').map_or(name, |(name, _)| name).to_owned()
}

/// Names the folder of a function: its binary, or its logical name in kebab case without `Function`.
pub(crate) fn folder(resources: &Value, name: &str) -> String {
    match resources[name]["Metadata"]["BuildProperties"]["Binary"].as_str() {
        Some(binary) => binary.to_owned(),
        None => kebab_case(name.strip_suffix("Function").unwrap_or(name)),
    }
}

fn kebab_case(name: &str) -> String {
    let mut kebab = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(character.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_after_its_folder() {
        assert_eq!(folder(&Value::Null, "CreateAccessKeyFunction"), "create-access-key");
        let built = serde_json::json!({"F": {"Metadata": {"BuildProperties": {"Binary": "other"}}}});
        assert_eq!(folder(&built, "F"), "other");
        let arn = function_arn("whoami");
        assert_eq!(function_of_arn(&arn), Some("whoami"));
        assert_eq!(function_of_arn(&format!("{arn}:live")), Some("whoami"));
        assert_eq!(
            function_of_arn(&format!("arn:aws:apigateway:x:lambda:path/functions/{arn}/invocations")),
            Some("whoami")
        );
    }
}

//! Tables and secrets of the template.

use serde_json::{Map, Value, json};

use super::{
    TABLE, names,
    resolve::{Resolver, object},
    rotation::Rotation,
};
use crate::error::TemplateError;

/// One table of the template.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The body of a `CreateTable` request.
    pub(crate) create: Value,
    /// The attribute by which items expire.
    pub(crate) ttl_attribute: Option<String>,
    /// The ARN of the key that encrypts it; `None` for a key of AWS.
    pub(crate) key: Option<String>,
}

/// One secret of the template.
#[derive(Debug, Clone)]
pub(crate) struct SecretDeclaration {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// The value as given, or the JSON object to which a generated value is added.
    pub(crate) string: String,
    /// The field of that object that holds the generated value.
    pub(crate) generated_key: Option<String>,
    /// The length of the generated value in characters.
    pub(crate) generated_length: usize,
    /// The ARN of the key that encrypts it; `None` for a key of AWS.
    pub(crate) key: Option<String>,
    /// The function that rotates it.
    pub(crate) rotation: Option<Rotation>,
}

/// Iterates over the declared resources of a type, whether their conditions are met or not.
fn declared<'t>(template: &'t Value, kind: &'t str) -> impl Iterator<Item = (&'t String, &'t Value)> {
    object(&template["Resources"]).filter(move |(_, resource)| resource["Type"] == kind)
}

/// Reads every table. Where the parameter `TableName` names an existing one, it has the schema of the declared table.
///
/// It has its stream only if a pipe reads it: nobody else does, and each record costs a write.
pub(crate) fn tables(
    template: &Value,
    resolver: &Resolver,
    has_pipe: bool,
) -> Result<Vec<Table>, TemplateError> {
    const READ: [&str; 4] =
        ["KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let mut tables = Vec::new();
    for (_, resource) in declared(template, "AWS::DynamoDB::Table") {
        let existing = resolver.parameter("TableName");
        let Some(name) = (if resolver.has(resource)? { Some(TABLE) } else { existing }) else { continue };
        let properties = &resource["Properties"];
        let mut create = Map::new();
        for property in READ.into_iter().filter(|property| !properties[*property].is_null()) {
            create.insert(property.to_owned(), resolver.resolve(&properties[property])?);
        }
        create.insert("TableName".to_owned(), name.into());
        create.insert("BillingMode".to_owned(), "PAY_PER_REQUEST".into());
        if has_pipe && let Some(view) = properties["StreamSpecification"]["StreamViewType"].as_str() {
            let stream = json!({ "StreamEnabled": true, "StreamViewType": view });
            create.insert("StreamSpecification".to_owned(), stream);
        }
        let ttl = resolver.resolve(&properties["TimeToLiveSpecification"])?;
        let encryption = resolver.resolve(&properties["SSESpecification"])?;
        tables.push(Table {
            create: Value::Object(create),
            ttl_attribute: ttl["AttributeName"].as_str().map(str::to_owned),
            key: encryption["KMSMasterKeyId"].as_str().map(str::to_owned),
        });
    }
    match tables.len() {
        0 | 1 => Ok(tables),
        _ => Err(TemplateError::new("Resources", "holds more than one table, and the stack serves one")),
    }
}

/// Reads every secret. Where the parameter `PepperArn` names an existing one, it stands for the one that is left out.
pub(crate) fn secrets(
    template: &Value,
    resolver: &Resolver,
) -> Result<Vec<SecretDeclaration>, TemplateError> {
    let mut secrets = Vec::new();
    for (logical_name, resource) in declared(template, "AWS::SecretsManager::Secret") {
        let own = names::secret_arn(logical_name);
        let existing = resolver.parameter("PepperArn");
        let Some(arn) = (if resolver.has(resource)? { Some(own.as_str()) } else { existing }) else {
            continue;
        };
        let properties = resolver.resolve(&resource["Properties"])?;
        let generated = &properties["GenerateSecretString"];
        let string = [&generated["SecretStringTemplate"], &properties["SecretString"]];
        let length = generated["PasswordLength"].as_u64().and_then(|length| usize::try_from(length).ok());
        secrets.push(SecretDeclaration {
            name: properties["Name"].as_str().map_or_else(|| names::secret_of_arn(arn), str::to_owned),
            arn: arn.to_owned(),
            string: string.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned(),
            generated_key: generated["GenerateStringKey"].as_str().map(str::to_owned),
            generated_length: length.unwrap_or(32),
            key: properties["KmsKeyId"].as_str().map(str::to_owned),
            rotation: None,
        });
    }
    Ok(secrets)
}

impl SecretDeclaration {
    /// Declares a secret that is no resource of the template, by its name or ARN. Its value is generated.
    pub(crate) fn made_elsewhere(id: &str) -> Self {
        let is_arn = id.starts_with("arn:");
        Self {
            name: id.to_owned(),
            arn: if is_arn { id.to_owned() } else { names::secret_arn(id) },
            string: String::new(),
            generated_key: None,
            generated_length: 40,
            key: None,
            rotation: None,
        }
    }

    /// Makes the value that the secret has after a deployment.
    pub(crate) fn first_value(&self) -> String {
        let generated = crate::random::base62(self.generated_length);
        match (&self.generated_key, serde_json::from_str::<Value>(&self.string)) {
            (Some(key), Ok(mut object)) => {
                object[key] = json!(generated);
                object.to_string()
            }
            _ if self.string.is_empty() => generated,
            _ => self.string.clone(),
        }
    }
}

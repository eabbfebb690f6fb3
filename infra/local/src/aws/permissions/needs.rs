//! The actions that a call needs, each on one resource.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{
    calls::Service,
    identify::{AwsRequest, FormFields},
    mail,
};
use crate::template::{
    ACCOUNT, REGION, names,
    policy::ConditionKey,
    store::{SecretDeclaration, Table},
};

/// One action on one resource, with what conditions compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) values: BTreeMap<ConditionKey, Vec<String>>,
}

/// The configuration set that SES uses if a mail names none.
///
/// Whether the sender's identity has one is not in the template. SES judges it like one that the mail names.
const DEFAULT_CONFIGURATION_SET: &str = "default-of-the-identity";

/// Stands for a partition key that a request names in a way that is not understood. No pattern of a policy is meant for it.
const UNKNOWN_KEY: &str = "\u{0}";

/// The names of the template's resources that requests are compared with.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    /// The partition key of the table, and of each index by its name.
    partition_keys: BTreeMap<Option<String>, String>,
    /// The ARNs of secrets by their names.
    secrets: BTreeMap<String, String>,
    /// The ARNs of the functions that rotate secrets, by the ARN of the secret.
    rotations: BTreeMap<String, String>,
    /// The keys of KMS that a call of a service needs, beside the service's own permission.
    keys: Vec<(Service, String)>,
}

impl Resources {
    pub(crate) fn new(tables: &[Table], secrets: &[SecretDeclaration]) -> Self {
        let mut partition_keys = BTreeMap::new();
        for table in tables {
            partition_keys.insert(None, partition_key(&table.create));
            for index in list(&table.create["GlobalSecondaryIndexes"]) {
                partition_keys.insert(index["IndexName"].as_str().map(str::to_owned), partition_key(index));
            }
        }
        let of_tables = tables.iter().map(|table| (Service::DynamoDb, &table.key));
        let of_secrets = secrets.iter().map(|secret| (Service::SecretsManager, &secret.key));
        let keys = of_tables.chain(of_secrets).filter_map(|(service, key)| Some((service, key.clone()?)));
        let keys = keys.collect();
        let rotated =
            secrets.iter().filter_map(|secret| Some((secret.arn.clone(), secret.rotation.clone()?.arn)));
        let rotations = rotated.collect();
        let secrets = secrets.iter().map(|secret| (secret.name.clone(), secret.arn.clone()));
        Self { partition_keys, secrets: secrets.collect(), rotations, keys }
    }

    /// Lists what a call needs. AWS judges each item of a transaction, and each table of a batch.
    pub(super) fn needs(&self, request: &AwsRequest, body: &[u8]) -> Vec<Need> {
        let mut needs = self.of_service(request, body);
        needs.extend(self.keys.iter().filter(|(service, _)| *service == request.service).map(of_key));
        needs
    }

    fn of_service(&self, request: &AwsRequest, body: &[u8]) -> Vec<Need> {
        let operation = request.operation.as_str();
        match (request.service, &request.form) {
            (Service::DynamoDb, _) => {
                self.of_dynamodb(operation, &serde_json::from_slice(body).unwrap_or_default())
            }
            (Service::Ses, form) => {
                of_ses(operation, &request.region, form.as_ref().unwrap_or(&FormFields::new()))
            }
            (Service::EventBridge, _) => {
                let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/local");
                vec![need("events", operation, arn)]
            }
            (Service::CloudFormation, form) => {
                let stack = form.as_ref().and_then(|form| form.get("StackName"));
                // By the id of a resource alone AWS finds its stack, whichever it is.
                let any = || format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/any/any");
                vec![need("cloudformation", operation, stack.cloned().unwrap_or_else(any))]
            }
            (Service::S3, _) => vec![need("s3", operation, "*".to_owned())],
            (Service::SecretsManager, _) => {
                let request: Value = serde_json::from_slice(body).unwrap_or_default();
                let id = request["SecretId"].as_str().unwrap_or_default();
                let arn = self.secrets.get(id).map_or(id, String::as_str).to_owned();
                let rotation = self.rotations.get(&arn).map(|function| vec![function.clone()]);
                let mut need = need("secretsmanager", operation, arn);
                need.values.extend(rotation.map(|function| (ConditionKey::RotationFunction, function)));
                vec![need]
            }
        }
    }

    fn of_dynamodb(&self, operation: &str, request: &Value) -> Vec<Need> {
        let table = |table: &Value| table_arn(table.as_str().unwrap_or_default());
        let on_table = |operation: &str, request: &Value, keys: Option<Vec<String>>| {
            with_keys(need("dynamodb", operation, table(&request["TableName"])), keys)
        };
        let one = |key: &Value| Some(vec![self.key_of(key)]);
        match operation {
            "GetItem" | "UpdateItem" | "DeleteItem" => {
                vec![on_table(operation, request, one(&request["Key"]))]
            }
            "PutItem" => vec![on_table(operation, request, one(&request["Item"]))],
            "Query" | "Scan" => {
                let index = request["IndexName"].as_str();
                let arn = table(&request["TableName"]);
                let arn = index.map_or_else(|| arn.clone(), |index| format!("{arn}/index/{index}"));
                let keys = (operation == "Query").then(|| vec![self.queried_key(index, request)]);
                vec![with_keys(need("dynamodb", operation, arn), keys)]
            }
            "BatchGetItem" => self.of_batch(operation, request, |read| list(&read["Keys"]).collect()),
            "BatchWriteItem" => {
                self.of_batch(operation, request, |writes| list(writes).map(written).collect())
            }
            "TransactGetItems" => {
                let reads = list(&request["TransactItems"]).map(|item| &item["Get"]);
                reads.map(|read| on_table("GetItem", read, one(&read["Key"]))).collect()
            }
            "TransactWriteItems" => {
                let writes = list(&request["TransactItems"]).filter_map(Value::as_object).flatten();
                let needs = writes.map(|(kind, write)| match kind.as_str() {
                    "Put" => on_table("PutItem", write, one(&write["Item"])),
                    "ConditionCheck" => on_table("ConditionCheckItem", write, one(&write["Key"])),
                    kind => on_table(&format!("{kind}Item"), write, one(&write["Key"])),
                });
                needs.collect()
            }
            other if request["TableName"].is_string() => vec![on_table(other, request, None)],
            other => vec![need("dynamodb", other, "*".to_owned())],
        }
    }

    fn of_batch<'r>(
        &self,
        operation: &str,
        request: &'r Value,
        keys: impl Fn(&'r Value) -> Vec<&'r Value>,
    ) -> Vec<Need> {
        let tables = request["RequestItems"].as_object().into_iter().flatten();
        let needs = tables.map(|(table, items)| {
            let keys = keys(items).into_iter().map(|key| self.key_of(key)).collect();
            with_keys(need("dynamodb", operation, table_arn(table)), Some(keys))
        });
        needs.collect()
    }

    /// Reads the partition key of an item or of a key.
    fn key_of(&self, item: &Value) -> String {
        let name = self.partition_keys.get(&None).map(String::as_str).unwrap_or_default();
        scalar(&item[name])
    }

    /// Reads the partition key that a query names in its condition.
    fn queried_key(&self, index: Option<&str>, request: &Value) -> String {
        let wanted = self.partition_keys.get(&index.map(str::to_owned));
        let condition = request["KeyConditionExpression"].as_str().unwrap_or_default();
        let clauses = condition.split(" AND ").map(|clause| clause.trim_matches(['(', ')', ' ']));
        let equals = clauses.filter_map(|clause| clause.split_once('='));
        let value = equals.map(|(name, value)| (name.trim(), value.trim())).find_map(|(name, value)| {
            let name = request["ExpressionAttributeNames"][name].as_str().unwrap_or(name);
            wanted.is_some_and(|wanted| wanted == name).then_some(value)
        });
        value.map_or_else(
            || UNKNOWN_KEY.to_owned(),
            |value| scalar(&request["ExpressionAttributeValues"][value]),
        )
    }
}

/// The service decrypts in the name of its caller.
fn of_key((service, key): &(Service, String)) -> Need {
    let mut need = need("kms", "Decrypt", key.clone());
    let name = if *service == Service::DynamoDb { "dynamodb" } else { "secretsmanager" };
    need.values.insert(ConditionKey::ViaService, vec![format!("{name}.{REGION}.amazonaws.com")]);
    need
}

fn of_ses(operation: &str, region: &str, form: &FormFields) -> Vec<Need> {
    if operation != "SendRawEmail" {
        return vec![need("ses", operation, "*".to_owned())];
    }
    let arn = |kind: &str, name: &str| format!("arn:aws:ses:{region}:{ACCOUNT}:{kind}/{name}");
    let senders = mail::senders(form);
    let from = senders.from.clone();
    let mut resources = Vec::new();
    // The verified identity is the address or its domain. The template must serve both.
    for address in [senders.from, senders.source] {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
        resources.extend([arn("identity", &address), arn("identity", &domain)]);
    }
    let named = form.get("ConfigurationSetName").map_or(DEFAULT_CONFIGURATION_SET, String::as_str);
    resources.push(arn("configuration-set", named));
    let needs = resources.into_iter().map(|resource| {
        let mut need = need("ses", operation, resource);
        need.values.insert(ConditionKey::FromAddress, vec![from.clone()]);
        need
    });
    needs.collect()
}

fn need(service: &str, operation: &str, resource: String) -> Need {
    Need { action: format!("{service}:{operation}"), resource, values: BTreeMap::new() }
}

fn with_keys(mut need: Need, keys: Option<Vec<String>>) -> Need {
    need.values.extend(keys.map(|keys| (ConditionKey::LeadingKeys, keys)));
    need
}

/// Returns the item or key that a write of a batch names.
fn written(write: &Value) -> &Value {
    match &write["PutRequest"] {
        Value::Null => &write["DeleteRequest"]["Key"],
        put => &put["Item"],
    }
}

/// Spells the ARN of a table; a request may name it by its ARN already.
fn table_arn(name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { names::table_arn(name) }
}

fn partition_key(table: &Value) -> String {
    let hash = list(&table["KeySchema"]).find(|key| key["KeyType"] == "HASH");
    hash.and_then(|key| key["AttributeName"].as_str()).unwrap_or_default().to_owned()
}

fn scalar(value: &Value) -> String {
    let text = value.as_object().and_then(|typed| typed.values().next()).and_then(Value::as_str);
    text.unwrap_or(UNKNOWN_KEY).to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

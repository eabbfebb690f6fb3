//! Checks each answer against the OpenAPI document.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::{Draft, Validator};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::Answer;

/// The headers that a response may have only if the document names them.
const HEADERS: [&str; 5] =
    ["ETag", "Idempotent-Replayed", "Retry-After", "Content-Encoding", "Cache-Control"];

/// The headers that a response of a function must have if the document names them.
const NAMED: [&str; 3] = ["ETag", "Cache-Control", "Vary"];

/// The statuses of problems that say when to repeat the request.
const RETRIED: [u16; 2] = [429, 503];

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

struct Contract {
    document: Value,
    /// The schemas with names, as answers must fit them: without members that they do not name.
    closed: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Checks that the document describes a response. Paths outside `/v1/` and `HEAD` requests are not checked.
///
/// # Panics
/// When the document does not describe it.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let faults = contract_faults(method, path, answer);
    assert!(
        faults.is_empty(),
        "the OpenAPI document does not describe an answer to {method} {path}, {}: {}\nIts body is {}",
        answer.status,
        faults.join("; "),
        shape(&answer.body)
    );
}

/// Returns the differences between a response and its description in the OpenAPI document; none for paths outside `/v1/` and for
/// `HEAD` requests.
#[must_use]
pub fn contract_faults(method: &Method, path: &str, answer: &Answer) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    if path.starts_with("/v1/") && *method != Method::HEAD {
        CONTRACT.faults(method, path, answer)
    } else {
        Vec::new()
    }
}

/// Returns the name of an operation in the OpenAPI document.
///
/// # Panics
/// When the document has no such operation.
#[must_use]
pub fn operation_id(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let (_, operation) = CONTRACT.operation(method, path).expect("the OpenAPI document has the operation");
    operation["operationId"].as_str().expect("an operation has a name").to_owned()
}

impl Contract {
    fn read() -> Self {
        let document: Value = serde_json::from_str(include_str!("../../infra/openapi/openapi.json"))
            .expect("the OpenAPI document is JSON");
        let mut closed = document["components"]["schemas"].clone();
        closed.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(close);
        Self { document, closed, validators: Mutex::default() }
    }

    fn faults(&self, method: &Method, path: &str, answer: &Answer) -> Vec<String> {
        let status = answer.status;
        let Some((template, operation)) = self.operation(method, path) else {
            let is_unknown_to_gateway = answer.is_of_gateway() && status == 404;
            return if is_unknown_to_gateway { Vec::new() } else { vec!["no such operation".to_owned()] };
        };
        let route = format!("{method} {template} → {status}");
        let Some(response) = operation["responses"].get(status.to_string()).map(|found| self.resolved(found))
        else {
            return vec!["no such status".to_owned()];
        };
        let mut faults = Vec::new();
        for name in HEADERS {
            if answer.headers.contains_key(name) && response["headers"].get(name).is_none() {
                faults.push(format!("it has a {name}"));
            }
        }
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let Some(value) = answer.headers.get(name) else {
                if NAMED.contains(&name.as_str()) && !answer.is_of_gateway() {
                    faults.push(format!("it has no {name}"));
                }
                continue;
            };
            let schema = &self.resolved(header)["schema"];
            let text = value.to_str().unwrap_or_default();
            let number = text.parse::<u64>().ok().filter(|_| schema["type"] == "integer");
            let value = number.map_or_else(|| Value::from(text), Value::from);
            // Headers of one name may differ between responses.
            let component = header["$ref"].as_str().unwrap_or(name);
            faults.extend(self.misfits(&format!("header {component}"), schema, &value));
        }
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
        match response["content"].get(media_type) {
            Some(content) => {
                let name = format!("{route} {media_type}");
                faults.extend(self.misfits(&name, &content["schema"], &answer.body));
            }
            None if response.get("content").is_none() && answer.body.is_null() => {}
            None => faults.push(format!("its media type is {media_type:?}")),
        }
        let is_problem = media_type == "application/problem+json";
        if is_problem && RETRIED.contains(&status) && !answer.headers.contains_key("Retry-After") {
            faults.push("it has no Retry-After".to_owned());
        }
        if status >= 400 && is_problem == answer.is_of_gateway() {
            faults.push("the gateway and the functions answer in different media types".to_owned());
        }
        faults
    }

    /// Finds the operation of a path. A part of a path that is written out goes before one in braces.
    fn operation(&self, method: &Method, path: &str) -> Option<(&str, &Value)> {
        let paths = self.document["paths"].as_object()?.iter();
        let fitting = paths.filter(|(template, _)| {
            let (parts, given) = (template.split('/'), path.split('/'));
            template.split('/').count() == path.split('/').count()
                && parts
                    .zip(given)
                    .all(|(part, given)| part == given || (part.starts_with('{') && !given.is_empty()))
        });
        let of_method = fitting.filter_map(|(template, methods)| {
            Some((template.as_str(), methods.get(method.as_str().to_lowercase())?))
        });
        of_method.min_by_key(|(template, _)| template.matches('{').count())
    }

    /// Follows a reference within the document.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        self.document.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere")
    }

    /// Validates a value by a schema of the document, which is compiled once under its name. The texts of the errors hold no value.
    fn misfits(&self, name: &str, schema: &Value, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(name.to_owned()).or_insert_with(|| Arc::new(self.compile(schema)));
        let validator = Arc::clone(validator);
        drop(validators);
        let said = |error: jsonschema::ValidationError<'_>| {
            format!("{} at {:?} of {name}", error.masked_with("[a value]"), error.instance_path().as_str())
        };
        validator.iter_errors(value).map(said).collect()
    }

    fn compile(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        close(&mut schema);
        schema["components"] = json!({ "schemas": self.closed });
        // The library's own check refuses internationalized domains.
        let email = |text: &str| {
            text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
        };
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_format("email", email);
        options.build(&schema).expect("the OpenAPI document has valid schemas")
    }
}

/// Forbids members that the schema of an object does not name, at any depth, unless it says which others there may be.
fn close(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    let is_object = keywords.contains_key("properties");
    for (keyword, inside) in keywords.iter_mut() {
        match keyword.as_str() {
            "properties" | "patternProperties" | "$defs" => {
                inside.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(close);
            }
            "items" | "additionalProperties" => close(inside),
            "prefixItems" => inside.as_array_mut().into_iter().flatten().for_each(close),
            // Alternatives of a whole value. Beside `properties` they say more of the same object, as `allOf` does.
            "anyOf" | "oneOf" if !is_object => inside.as_array_mut().into_iter().flatten().for_each(close),
            _ => {}
        }
    }
    if is_object && !keywords.contains_key("additionalProperties") {
        keywords.insert("unevaluatedProperties".to_owned(), false.into());
    }
}

/// Writes the names and types of a value, and nothing of what it holds.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(items) => {
            let shapes: BTreeSet<_> = items.iter().map(shape).collect();
            format!("[{}]", shapes.into_iter().collect::<Vec<_>>().join(" | "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| format!("{name}: {}", shape(member)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

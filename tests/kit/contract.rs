//! Checks each answer against the OpenAPI document.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::{Draft, Validator};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::Answer;

/// The headers that an answer has only where the document names them.
const HEADERS: [&str; 3] = ["ETag", "Idempotent-Replayed", "Retry-After"];

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

struct Contract {
    document: Value,
    /// The schemas with names, as answers must fit them: without members that they do not name.
    closed: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Checks that the document describes an answer. Only routes of the API are looked at.
///
/// # Panics
/// When the document does not describe it.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    if path.starts_with("/v1/") && *method != Method::HEAD {
        CONTRACT.check(method, path, answer);
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

    fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let status = answer.status;
        let Some((template, operation)) = self.operation(method, path) else {
            let unknown = answer.is_of_gateway() && status == 404;
            assert!(unknown, "the OpenAPI document has no {method} {path}, which answers {status}");
            return;
        };
        let route = format!("{method} {template} → {status}");
        let fault =
            |what: String| panic!("the OpenAPI document does not describe an answer to {route}: {what}");
        let Some(response) = operation["responses"].get(status.to_string()).map(|found| self.resolved(found))
        else {
            return fault("no such status".to_owned());
        };
        for name in HEADERS {
            let (named, given) = (response["headers"].get(name), answer.headers.get(name));
            match (named, given) {
                (None, Some(_)) => fault(format!("it has a {name}")),
                (Some(header), Some(value)) => {
                    let schema = &self.resolved(header)["schema"];
                    let text = value.to_str().unwrap_or_default();
                    let number = text.parse::<u64>().ok().filter(|_| schema["type"] == "integer");
                    let value = number.map_or_else(|| Value::from(text), Value::from);
                    self.fits(&format!("header {name}"), schema, &value).unwrap_or_else(fault);
                }
                _ => {}
            }
        }
        let must_be_tagged = status < 300 && response["headers"].get("ETag").is_some();
        if must_be_tagged && !answer.headers.contains_key("etag") {
            fault("it has no ETag".to_owned());
        }
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
        match response["content"].get(media_type) {
            Some(content) => {
                let name = format!("{route} {media_type}");
                self.fits(&name, &content["schema"], &answer.body).unwrap_or_else(fault);
            }
            None if response.get("content").is_none() && answer.body.is_null() => {}
            None => fault(format!("its media type is {media_type:?}")),
        }
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

    /// Checks a value against a schema of the document, which is compiled once under its name.
    fn fits(&self, name: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(name.to_owned()).or_insert_with(|| Arc::new(self.compile(schema)));
        let validator = Arc::clone(validator);
        drop(validators);
        let said = |error: jsonschema::ValidationError<'_>| {
            format!("{} at {:?}", error.masked_with("[a value]"), error.instance_path().as_str())
        };
        validator.validate(value).map_err(said)
    }

    fn compile(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        close(&mut schema);
        schema["components"] = json!({ "schemas": self.closed });
        // The library takes no internationalized domain for one.
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

/// Forbids members that an object's schema does not name, unless the schema says which others there may be.
fn close(schema: &mut Value) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema["unevaluatedProperties"] = false.into();
    }
}

//! One operation as the document describes it.

use api::openapi::{Caller, Operation, Parameter};
use serde_json::{Map, Value, json};

use crate::{examples, responses, schemas::Schemas, security};

/// The groups in which clients and pages show the operations.
pub(crate) const TAGS: [(&str, &str); 9] = [
    ("Organizations", "Tenants, their policies and their deletion."),
    ("Users", "People and machines of an organization."),
    ("Roles and groups", "What users and keys may do."),
    ("Access keys", "Keys from creation to deletion."),
    ("Inbox", "Messages to the caller."),
    ("Audit", "What was changed, by whom."),
    ("Callers and tokens", "Who a caller is, and whether a token works."),
    ("Leaked keys", "Reports that revoke keys."),
    ("Description", "This document."),
];

/// Describes the headers that conditional and idempotent operations take.
pub(crate) fn header_parameters() -> Value {
    let tags = json!({ "type": "string", "pattern": r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"# });
    json!({
        "IfMatch": {
            "name": "If-Match", "in": "header",
            "description": "Performs the request only if the current version is one of these. `*` is any version.",
            "schema": tags,
        },
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header",
            "description": "Performs the request only if the current version is not one of these. `*` is any version: with it, PUT only creates.",
            "schema": tags,
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "A repetition with the same key within 24 hours returns the first result. The client chooses the key.",
            "schema": { "type": "string", "pattern": "^[!-~]([ -~]{0,126}[!-~])?$" },
        },
    })
}

/// Describes an operation.
pub(crate) fn describe(
    operation: &Operation,
    schemas: &mut Schemas,
    components: &mut Map<String, Value>,
) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [tag(operation)],
        "security": security::of(operation.caller),
        "responses": responses::describe(operation, schemas, components),
    });
    if !operation.description.is_empty() {
        described["description"] = operation.description.as_str().into();
    }
    let parameters = parameters(operation, schemas);
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        let mut content = Map::new();
        for (media_type, schema) in &body.content {
            let schema = schemas.of_body(*schema);
            // Where no body is needed, `null` is none.
            let schema =
                if body.required { schema } else { json!({ "oneOf": [schema, { "type": "null" }] }) };
            let mut described = json!({ "schema": schema });
            if let Some(examples) = examples::request(operation.id) {
                described["examples"] = examples;
            }
            content.insert((*media_type).to_owned(), described);
        }
        described["requestBody"] = json!({ "required": body.required, "content": content });
    }
    described
}

fn parameters(operation: &Operation, schemas: &mut Schemas) -> Vec<Value> {
    let in_path = operation
        .path_parameters()
        .map(|name| (Parameter::in_path(name).expect("every name in a path is described"), "path"));
    let in_query = operation.query.iter().map(|parameter| (*parameter, "query"));
    let in_header = operation.headers.iter().map(|parameter| (*parameter, "header"));
    let mut parameters: Vec<_> = in_path
        .chain(in_query)
        .chain(in_header)
        .map(|(parameter, place)| {
            let mut described = json!({
                "name": parameter.name,
                "in": place,
                "description": parameter.description,
                "schema": schemas.of_body(parameter.schema),
            });
            if place != "query" {
                described["required"] = true.into();
            }
            described
        })
        .collect();
    let headers = [
        ("IfMatch", operation.is_conditional),
        ("IfNoneMatch", operation.is_conditional),
        ("IdempotencyKey", operation.is_idempotent),
    ];
    for (name, _) in headers.into_iter().filter(|(_, taken)| *taken) {
        parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
    }
    parameters
}

fn tag(operation: &Operation) -> &'static str {
    let (_, path) = operation.method_and_path();
    let holds = |part: &str| path.contains(part);
    if holds("access-keys") {
        "Access keys"
    } else if holds("/inbox") {
        "Inbox"
    } else if holds("/users") {
        "Users"
    } else if holds("/roles") || holds("/groups") {
        "Roles and groups"
    } else if holds("/audit-events") {
        "Audit"
    } else if holds("/leaked-keys") {
        "Leaked keys"
    } else if holds("openapi") {
        "Description"
    } else if holds("whoami") || operation.caller == Caller::Anybody {
        "Callers and tokens"
    } else {
        "Organizations"
    }
}

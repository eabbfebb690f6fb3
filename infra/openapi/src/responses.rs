//! The responses to an operation, by status.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    ProblemCode,
    openapi::{Operation, problem_schema},
};
use serde_json::{Map, Value, json};

use crate::{examples, gateway, schemas::Schemas};

/// The codes whose responses may have a `Retry-After`.
const WITH_RETRY_AFTER: [ProblemCode; 3] =
    [ProblemCode::Conflict, ProblemCode::TooManyRequests, ProblemCode::Unavailable];

/// Describes the headers of responses.
pub(crate) fn headers() -> Value {
    json!({
        "ETag": {
            "description": "The version of the object, for `If-Match` and `If-None-Match`.",
            "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
        },
        "No-Store": {
            "description": "No cache may keep the response.",
            "schema": { "type": "string", "const": "no-store" },
        },
        "Public": {
            "description": "Any cache may keep the response for five minutes.",
            "schema": { "type": "string", "const": "public, max-age=300" },
        },
        "Vary": {
            "description": "The header of the request on which the response depends.",
            "schema": { "type": "string", "const": "accept-encoding" },
        },
        "Content-Encoding": {
            "description": "How the body is compressed. Absent if it is not.",
            "schema": { "type": "string", "const": "gzip" },
        },
        "Idempotent-Replayed": {
            "description": "`true` if an earlier request under this `Idempotency-Key` did it. The response then has no secret.",
            "schema": { "type": "string", "const": "true" },
        },
        "Retry-After": {
            "description": "Seconds after which a repetition may succeed.",
            "schema": { "type": "integer", "minimum": 1 },
        },
    })
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// Returns the headers for caches, of a successful response.
fn headers_for_caches(operation: &Operation) -> Vec<(String, Value)> {
    let named = if operation.success.is_cacheable {
        &[("Cache-Control", "Public"), ("Vary", "Vary")][..]
    } else {
        &[("Cache-Control", "No-Store")]
    };
    named.iter().map(|(name, component)| ((*name).to_owned(), header(component))).collect()
}

/// Describes every response to an operation.
///
/// Error responses are the same for many operations, so they go to `components`.
pub(crate) fn describe(
    operation: &Operation,
    schemas: &mut Schemas,
    components: &mut Map<String, Value>,
) -> Value {
    let mut responses = BTreeMap::new();
    let success = operation.success;
    responses.insert(success.status, success_response(operation, schemas));
    let shows = operation.route.starts_with("GET ");
    if shows && operation.is_conditional {
        let mut headers = Map::from_iter([("ETag".to_owned(), header("ETag"))]);
        headers.extend(headers_for_caches(operation));
        let described = json!({
            "description": "`If-None-Match` names this version: nothing has changed.",
            "headers": headers,
        });
        responses.insert(304, described);
    }
    let mut codes: BTreeMap<u16, BTreeSet<ProblemCode>> = BTreeMap::new();
    for code in &operation.problems {
        codes.entry(code.status().as_u16()).or_default().insert(*code);
    }
    let of_gateway: BTreeMap<_, _> = gateway::statuses(operation.caller).into_iter().collect();
    let statuses: BTreeSet<u16> = codes.keys().chain(of_gateway.keys()).copied().collect();
    for status in statuses {
        let (codes, by_gateway) = (codes.get(&status), of_gateway.get(&status).copied());
        let name = name(codes, by_gateway, status);
        let response = json!({ "$ref": format!("#/components/responses/{name}") });
        let described = error_response(codes, by_gateway, schemas);
        components.insert(name, described);
        responses.insert(status, response);
    }
    let responses: Map<String, Value> =
        responses.into_iter().map(|(status, response)| (status.to_string(), response)).collect();
    Value::Object(responses)
}

/// Names an error response by its codes, as `QuotaExceededOrConflict`, or by the gateway.
fn name(codes: Option<&BTreeSet<ProblemCode>>, by_gateway: Option<&str>, status: u16) -> String {
    let codes = codes.into_iter().flatten().map(|code| format!("{code:?}"));
    let gateway = by_gateway.map(|_| format!("Gateway{status}"));
    codes.chain(gateway).collect::<Vec<_>>().join("Or")
}

fn success_response(operation: &Operation, schemas: &mut Schemas) -> Value {
    let success = operation.success;
    let mut headers = Map::new();
    if success.has_entity_tag {
        headers.insert("ETag".to_owned(), header("ETag"));
    }
    if success.schema.is_some() {
        headers.extend(headers_for_caches(operation));
    }
    if success.is_cacheable {
        headers.insert("Content-Encoding".to_owned(), header("Content-Encoding"));
    }
    if operation.is_idempotent {
        headers.insert("Idempotent-Replayed".to_owned(), header("Idempotent-Replayed"));
    }
    let mut response = json!({ "description": "Success." });
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
    if let Some(schema) = success.schema {
        let mut content = json!({ "schema": schemas.of_response(schema) });
        if let Some(examples) = examples::response(operation.id) {
            content["examples"] = examples;
        }
        response["content"] = json!({ "application/json": content });
    }
    response
}

/// Describes the error responses of one status: those of the function, of the gateway, or of both.
fn error_response(
    codes: Option<&BTreeSet<ProblemCode>>,
    by_gateway: Option<&str>,
    schemas: &mut Schemas,
) -> Value {
    let mut content = Map::new();
    let mut said = Vec::new();
    let mut headers = Map::new();
    if let Some(codes) = codes {
        let texts: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        said.push(format!(
            "A problem: {}.",
            texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
        ));
        let problem = schemas.of_response(problem_schema());
        let schema =
            json!({ "allOf": [problem, { "type": "object", "properties": { "code": { "enum": texts } } }] });
        let mut described = json!({ "schema": schema });
        if let Some(examples) = examples::problems(texts) {
            described["examples"] = examples;
        }
        content.insert("application/problem+json".to_owned(), described);
        headers.insert("Cache-Control".to_owned(), header("No-Store"));
        if codes.iter().any(|code| WITH_RETRY_AFTER.contains(code)) {
            headers.insert("Retry-After".to_owned(), header("Retry-After"));
        }
    }
    if let Some(when) = by_gateway {
        said.push(format!("The gateway's own response: {when}."));
        let schema = json!({ "$ref": "#/components/schemas/GatewayMessage" });
        content.insert("application/json".to_owned(), json!({ "schema": schema }));
    }
    let mut response = json!({ "description": said.join(" "), "content": content });
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
    response
}

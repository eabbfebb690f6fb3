//! The OpenAPI document of the HTTP API, made of the operations that each function describes.
//!
//! `cargo run -p openapi` writes it to `infra/openapi/openapi.json`.

mod examples;
mod gateway;
mod links;
mod operation;
mod responses;
mod schemas;
mod security;

use api::openapi::Operation;
use serde_json::{Map, Value, json};

use self::schemas::Schemas;

/// Returns the operations of all functions, by path and method.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all: Vec<_> = [
        create_access_key::operations(),
        delete_access_key::operations(),
        describe_api::operations(),
        describe_caller::operations(),
        get_access_key::operations(),
        introspect_token::operations(),
        list_access_keys::operations(),
        list_audit_events::operations(),
        manage_inbox::operations(),
        manage_organization::operations(),
        manage_roles::operations(),
        manage_users::operations(),
        report_leaked_key::operations(),
        revoke_access_key::operations(),
        rotate_access_key::operations(),
        update_access_key::operations(),
    ]
    .concat();
    all.sort_by_key(|operation| {
        let (method, path) = operation.method_and_path();
        (path, method)
    });
    all
}

/// Makes the document.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let (mut paths, mut responses) = (Map::new(), Map::new());
    let operations = operations();
    for operation in &operations {
        let (method, path) = operation.method_and_path();
        let mut described = operation::describe(operation, &mut schemas, &mut responses);
        let links = links::of(operation, &operations);
        if !links.is_empty() {
            described["responses"][operation.success.status.to_string()]["links"] = links.into();
        }
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[method.to_ascii_lowercase()] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Access keys",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Issue, validate, rotate and revoke access keys.",
            "description": include_str!("introduction.txt"),
            "license": { "name": "Apache 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This deployment." }],
        "tags": operation::TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "security": [],
        "paths": paths,
        "components": {
            "securitySchemes": security::schemes(),
            "parameters": operation::header_parameters(),
            "headers": responses::headers(),
            "responses": responses,
            "schemas": schemas.into_components(),
        },
    })
}

/// Returns the document as it is stored: indented, with a line break at its end.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", document())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_stored_document_is_the_one_of_the_types() {
        let is_current = text() == include_str!("../openapi.json");
        assert!(
            is_current,
            "a type or an operation has changed: run `cargo run -p openapi`, and commit the document"
        );
    }

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let ids: BTreeSet<_> = operations().iter().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), operations().len());
        assert!(ids.iter().all(|id| id.bytes().all(|c| c.is_ascii_lowercase() || c == b'_')), "{ids:?}");
    }

    /// Calls a function with each object schema in a value, at any depth.
    fn each_object(value: &Value, check: &mut impl FnMut(&Value)) {
        if value["properties"].is_object() {
            check(value);
        }
        let members = value.as_object().into_iter().flat_map(Map::values);
        members.chain(value.as_array().into_iter().flatten()).for_each(|value| each_object(value, check));
    }

    #[test]
    fn a_member_that_a_response_may_omit_is_never_null() {
        let document = document();
        let mut pending: Vec<_> = document["components"]["responses"].as_object().unwrap().values().collect();
        for methods in document["paths"].as_object().unwrap().values() {
            pending.extend(methods.as_object().unwrap().values().map(|operation| &operation["responses"]));
        }
        let (mut names, mut optional) = (BTreeSet::new(), 0);
        while let Some(value) = pending.pop() {
            for name in value.to_string().split("\"#/components/schemas/").skip(1) {
                let name = name.split('"').next().unwrap().to_owned();
                let schema = &document["components"]["schemas"][&name];
                if names.insert(name.clone()) {
                    pending.push(schema);
                }
                each_object(schema, &mut |object| {
                    let required = object["required"].as_array().into_iter().flatten();
                    let required: BTreeSet<_> = required.filter_map(Value::as_str).collect();
                    let members = object["properties"].as_object().unwrap().iter();
                    for (member, schema) in members.filter(|(member, _)| !required.contains(member.as_str()))
                    {
                        assert!(!schema.to_string().contains("\"null\""), "{name}.{member}: {schema}");
                        optional += 1;
                    }
                });
            }
        }
        assert!(names.len() > 20 && optional > 5, "{} {optional}", names.len());
    }

    #[test]
    fn no_description_holds_a_link_of_rust() {
        assert!(!text().contains("[`"));
    }
}

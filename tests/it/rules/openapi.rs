//! The OpenAPI document and the template have the same routes, open to the same callers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read;

/// The routes of the API, each with whether it has an authorizer.
type Routes = BTreeMap<String, bool>;

fn of_document() -> Routes {
    let document: Value = serde_json::from_str(&read("infra/openapi/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            let authorized = !operation["security"].as_array().unwrap().is_empty();
            (format!("{} {path}", method.to_uppercase()), authorized)
        })
    });
    operations.collect()
}

fn of_template() -> Routes {
    let template = read("template.yaml");
    let member = |line: &str, name: &str| {
        let rest = line.split_once(&format!("{name}: "))?.1;
        Some(rest.trim_start_matches('"').split(['"', ',', ' ']).next()?.to_owned())
    };
    let events = template.lines().filter_map(|line| {
        let (path, method) = (member(line, "Path")?, member(line, "Method")?);
        Some((format!("{method} {path}"), !line.contains("Authorizer: NONE")))
    });
    events.filter(|(route, _)| route.contains(" /v1/")).collect()
}

#[test]
fn the_document_and_the_template_have_the_same_routes_with_and_without_an_authorizer() {
    let template = of_template();
    assert!(template.len() > 30 && template.values().any(|authorized| !authorized), "{template:?}");
    assert_eq!(of_document(), template);
}

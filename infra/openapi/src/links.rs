//! Links from a response to the operations that take the ids in it.

use std::collections::{BTreeMap, BTreeSet};

use api::openapi::Operation;
use serde_json::{Map, Value, json};

/// Describes the links of an operation's response, by operation id.
///
/// A path parameter of the linked operation comes from the request if its path has that name, otherwise from the member of
/// this name in the response.
///
/// # Panics
/// When a link names an unknown operation.
pub(crate) fn of(operation: &Operation, all: &[Operation]) -> Map<String, Value> {
    let known: BTreeSet<_> = operation.path_parameters().collect();
    let link = |id: &&'static str| {
        let target = all.iter().find(|other| other.id == *id).expect("a link leads to an operation");
        let parameters: BTreeMap<_, _> = target
            .path_parameters()
            .map(|name| {
                let place = if known.contains(name) { "$request.path." } else { "$response.body#/" };
                (name, format!("{place}{name}"))
            })
            .collect();
        ((*id).to_owned(), json!({ "operationId": id, "parameters": parameters }))
    };
    operation.leads_to.iter().map(link).collect()
}

#[cfg(test)]
mod tests {
    use crate::document;

    #[test]
    fn each_link_takes_members_that_the_answer_always_has() {
        let document = document();
        let operations = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|methods| methods.as_object().unwrap().values());
        let responses = operations.flat_map(|operation| operation["responses"].as_object().unwrap().values());
        let mut count = 0;
        for response in responses {
            let schema =
                response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
            for link in response["links"].as_object().into_iter().flat_map(|links| links.values()) {
                let required =
                    document.pointer(schema.trim_start_matches('#')).unwrap()["required"].as_array().unwrap();
                for value in link["parameters"].as_object().unwrap().values() {
                    let member = value.as_str().unwrap().strip_prefix("$response.body#/");
                    assert!(member.is_none_or(|member| required.contains(&member.into())), "{link}");
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{count}");
    }
}

//! Links from an answer to the operations that take what it names.

use std::collections::BTreeMap;

use api::openapi::Operation;
use serde_json::{Map, Value, json};

/// Describes the links of an operation's answer, by the names of the operations behind them.
///
/// A parameter of the path is the one of the request, if it has one of this name, or else a member of the answer.
///
/// # Panics
/// When no operation has such a name.
pub(crate) fn of(operation: &Operation, all: &[Operation]) -> Map<String, Value> {
    let (_, path) = operation.method_and_path();
    let link = |id: &&'static str| {
        let target = all.iter().find(|other| other.id == *id).expect("a link leads to an operation");
        let (_, target) = target.method_and_path();
        let names = target.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: BTreeMap<_, _> = names
            .map(|name| {
                let is_known = path.contains(&format!("{{{name}}}"));
                let place = if is_known { "$request.path." } else { "$response.body#/" };
                (name, format!("{place}{name}"))
            })
            .collect();
        ((*id).to_owned(), json!({ "operationId": id, "parameters": parameters }))
    };
    operation.leads_to.iter().map(link).collect()
}

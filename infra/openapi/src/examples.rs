//! Examples: real requests and answers, which an integration test records.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// `EXAMPLES=record cargo test --test it -- examples` writes them.
static RECORDED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../examples.json")).expect("the recorded examples are JSON")
});

/// Returns the example request of an operation.
pub(crate) fn request(id: &str) -> Option<Value> {
    example(id, "request")
}

/// Returns the example of a successful response of an operation.
pub(crate) fn response(id: &str) -> Option<Value> {
    example(id, "answer")
}

/// Returns the examples of problems with these codes.
pub(crate) fn problems<'c>(codes: impl IntoIterator<Item = &'c str>) -> Option<Value> {
    let known = codes
        .into_iter()
        .filter_map(|code| Some((code.to_owned(), json!({ "value": RECORDED["problems"].get(code)? }))));
    let known: serde_json::Map<_, _> = known.collect();
    (!known.is_empty()).then(|| known.into())
}

fn example(id: &str, part: &str) -> Option<Value> {
    let value = RECORDED["operations"].get(id)?.get(part)?;
    Some(json!({ "example": { "value": value } }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use api::ProblemCode;
    use jsonschema::{Draft, Validator};

    use super::*;
    use crate::{document, operations};

    /// Operations whose response is no example: the document itself.
    const WITHOUT_EXAMPLE: [&str; 1] = ["describe_api"];

    /// Codes without an example: a failure, a conflict, lost races, and the states of keys that need the passing of time.
    const WITHOUT_PROBLEM_EXAMPLE: [ProblemCode; 6] = [
        ProblemCode::KeyInactive,
        ProblemCode::KeyExpired,
        ProblemCode::Conflict,
        ProblemCode::TooManyRequests,
        ProblemCode::Internal,
        ProblemCode::Unavailable,
    ];

    /// Calls a function with the place and the content of each media type of all requests and responses.
    fn each_content(document: &Value, mut check: impl FnMut(&str, &Value)) {
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                for content in
                    operation["requestBody"]["content"].as_object().into_iter().flat_map(|all| all.values())
                {
                    check(&format!("the request of {id}"), content);
                }
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let reference = response["$ref"].as_str().map(|path| path.trim_start_matches('#'));
                    let response = reference.map_or(response, |path| document.pointer(path).unwrap());
                    for content in response["content"].as_object().into_iter().flat_map(|all| all.values()) {
                        check(&format!("the {status} of {id}"), content);
                    }
                }
            }
        }
    }

    fn validator(document: &Value, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema["components"] = json!({ "schemas": document["components"]["schemas"] });
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        options.build(&schema).unwrap()
    }

    #[test]
    fn each_example_fits_its_schema() {
        let document = document();
        let mut count = 0;
        each_content(&document, |place, content| {
            let Some(examples) = content["examples"].as_object() else { return };
            let validator = validator(&document, &content["schema"]);
            for (name, example) in examples {
                let faults: Vec<_> =
                    validator.iter_errors(&example["value"]).map(|fault| fault.to_string()).collect();
                assert!(faults.is_empty(), "{name} of {place}: {faults:?}");
                count += 1;
            }
        });
        assert!(count > 100, "{count}");
    }

    #[test]
    fn each_body_and_each_response_has_an_example() {
        let document = document();
        each_content(&document, |place, content| {
            let is_problem = content["schema"]["allOf"].is_array();
            let is_of_gateway = content["schema"]["$ref"] == "#/components/schemas/GatewayMessage";
            let is_left_out = WITHOUT_EXAMPLE.iter().any(|id| place == format!("the 200 of {id}"));
            let has_one = content.get("examples").is_some();
            assert!(is_problem || is_of_gateway || is_left_out != has_one, "{place} has no example");
        });
        let codes = operations().into_iter().flat_map(|operation| operation.problems);
        for code in codes.collect::<BTreeSet<_>>() {
            let is_shown = problems([code.as_str()]).is_some();
            assert!(is_shown != WITHOUT_PROBLEM_EXAMPLE.contains(&code), "{code:?} has no example");
        }
    }

    #[test]
    fn each_recorded_example_is_of_an_operation() {
        let ids: BTreeSet<_> = operations().iter().map(|operation| operation.id).collect();
        let recorded = RECORDED["operations"].as_object().unwrap().keys();
        let unknown: Vec<_> = recorded.filter(|id| !ids.contains(id.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn each_token_in_an_example_is_a_published_one() {
        let published = include_str!("../../../shared/domain/src/token_vectors.json");
        let text = include_str!("../examples.json");
        let in_token = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let tokens = text.split(|character| !in_token(character)).filter(|word| word.len() > 48);
        let mut count = 0;
        for token in tokens {
            assert!(published.contains(token), "an example holds a token that is not published");
            count += 1;
        }
        assert!(count > 3, "{count}");
    }
}

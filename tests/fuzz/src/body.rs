//! Bodies of requests, and what holds of each that a function takes.

use std::fmt::Debug;

use serde_json::{Value, json};

/// Returns a sample event of the gateway with another body, as text.
///
/// # Panics
/// When the sample is no JSON.
#[must_use]
pub fn event_with_body(sample: &str, body: &str) -> String {
    let mut event: Value = serde_json::from_str(sample).expect("a sample is JSON");
    (event["body"], event["isBase64Encoded"]) = (json!(body), json!(false));
    event["headers"]["content-type"] = json!("application/json");
    event.to_string()
}

/// Returns a sample event of the gateway with other values of parameters in its path, as text.
///
/// # Panics
/// When the sample is no JSON.
#[must_use]
pub fn event_with_path(sample: &str, values: &[(&str, &str)]) -> String {
    let mut event: Value = serde_json::from_str(sample).expect("a sample is JSON");
    for (name, value) in values {
        event["pathParameters"][name] = json!(value);
    }
    event.to_string()
}

/// Reads a body, and the JSON that it is. Checks that it means the same in another spelling and order, and that it is refused
/// with an unknown member, or with one that comes twice.
///
/// # Panics
/// When a check fails.
pub fn read_body<T: Debug>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, Value)> {
    let body = read(text)?;
    let json = text.trim_start_matches('\u{feff}').trim_ascii();
    // No body, where that is one.
    let json = if json.is_empty() { "null" } else { json };
    let document: Value = serde_json::from_str(json).expect("what is taken is JSON");
    let again = read(&respelled(&document)).expect("another spelling is taken");
    assert_eq!(format!("{again:?}"), format!("{body:?}"), "another spelling means the same");
    let members = document.as_object().cloned().unwrap_or_default();
    let rest = respelled(&document).replacen('{', if members.is_empty() { "" } else { "," }, 1);
    for (name, value) in members.into_iter().chain([("unknown".to_owned(), Value::Null)]) {
        let more = format!("{{{}:{value}{rest}", json!(name));
        assert!(document.is_null() || read(&more).is_none(), "{more}");
    }
    Some((body, document))
}

/// Writes a document with every character escaped, and with members in the opposite order.
fn respelled(value: &Value) -> String {
    let text = |text: &str| {
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
        format!("\"{}\"", units.collect::<String>())
    };
    match value {
        Value::Array(items) => format!("[ {}]", items.iter().map(respelled).collect::<Vec<_>>().join(" ,")),
        Value::Object(members) => {
            let members = members.iter().rev();
            let members = members.map(|(name, value)| format!("{}\t:{}", text(name), respelled(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(",\n"))
        }
        Value::String(content) => text(content),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_spelling_is_the_same_document() {
        for document in [json!({"a": [1, "é👩", {}], "b": {"": null}}), json!([]), json!("\"\n"), json!(1.5)]
        {
            let respelled = respelled(&document);
            assert_eq!(serde_json::from_str::<Value>(&respelled).unwrap(), document, "{respelled}");
            assert!(!respelled.contains('a'));
        }
    }

    #[test]
    fn a_reader_that_takes_unknown_members_or_takes_one_twice_is_noticed() {
        type Read = fn(&str) -> Option<Value>;
        let readers: [Read; 2] = [
            |text| serde_json::from_str(text).ok(),
            |text| serde_json::from_str(text).ok().filter(|body: &Value| body.get("unknown").is_none()),
        ];
        for read in readers {
            assert!(std::panic::catch_unwind(|| read_body(r#"{"a": 1}"#, read)).is_err());
        }
    }
}

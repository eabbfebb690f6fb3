//! The values of the template's parameters, and the rules that a value must keep.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use super::{
    LOCAL_PARAMETERS,
    resolve::{object, plain_text},
};
use crate::error::TemplateError;

/// Takes the values of parameters from `given`, and of the others their defaults. All must keep the rules of the template.
pub(super) fn values(
    template: &Value,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let mut values = BTreeMap::new();
    for (name, declared) in object(&template["Parameters"]) {
        let text = match given.get(name) {
            Some(text) => text.clone(),
            None if declared["Default"].is_null() => {
                return Err(problem(name, "has no Default and no local value".to_owned()));
            }
            None => plain_text(&declared["Default"]),
        };
        check(name, declared, &text)?;
        values.insert(name.clone(), as_parameter(&declared["Type"], &text));
    }
    match given.keys().find(|name| !values.contains_key(*name) && !LOCAL_PARAMETERS.contains(&name.as_str()))
    {
        Some(unknown) => Err(problem(unknown, "is not declared".to_owned())),
        None => Ok(values),
    }
}

fn as_parameter(kind: &Value, text: &str) -> Value {
    match kind.as_str() {
        Some("CommaDelimitedList") => text.split(',').map(|item| Value::from(item.trim())).collect(),
        _ => Value::String(text.to_owned()),
    }
}

/// Checks a value by every rule of its declaration.
fn check(name: &str, declared: &Value, text: &str) -> Result<(), TemplateError> {
    for (rule, limit) in object(declared) {
        let kept = match rule.as_str() {
            "Default" | "Description" | "ConstraintDescription" | "NoEcho" => true,
            "Type" => match limit.as_str() {
                Some("String" | "CommaDelimitedList") => true,
                Some("Number") => number(text).is_some(),
                _ => {
                    return Err(problem(
                        name,
                        format!("has a Type that the local stack does not know: {limit}"),
                    ));
                }
            },
            "AllowedValues" => {
                limit.as_array().is_some_and(|values| values.iter().any(|value| plain_text(value) == text))
            }
            "AllowedPattern" => pattern(name, limit)?.is_match(&as_deployed(text)),
            "MinLength" => number(&plain_text(limit)).is_some_and(|least| length(text) >= least),
            "MaxLength" => number(&plain_text(limit)).is_some_and(|most| length(text) <= most),
            "MinValue" => {
                number(text).zip(number(&plain_text(limit))).is_some_and(|(value, least)| value >= least)
            }
            "MaxValue" => {
                number(text).zip(number(&plain_text(limit))).is_some_and(|(value, most)| value <= most)
            }
            other => {
                return Err(problem(
                    name,
                    format!("has the rule {other}, which the local stack does not know"),
                ));
            }
        };
        if !kept {
            let limit = plain_text(limit);
            let description = plain_text(&declared["ConstraintDescription"]);
            let description =
                if description.is_empty() { description } else { format!(": it must be {description}") };
            return Err(problem(name, format!("breaks the rule {rule} {limit}{description}")));
        }
    }
    Ok(())
}

/// Compiles a pattern, which the whole value must match.
fn pattern(name: &str, pattern: &Value) -> Result<Regex, TemplateError> {
    let whole = format!("^(?:{})$", plain_text(pattern));
    Regex::new(&whole).map_err(|cause| problem(name, format!("has an AllowedPattern that is none: {cause}")))
}

/// A URL of this machine needs no TLS: it is judged as the `https` URL that stands for it at AWS.
fn as_deployed(text: &str) -> String {
    let local = ["http://127.0.0.1", "http://localhost"].iter().any(|start| {
        text.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    if local { text.replacen("http:", "https:", 1) } else { text.to_owned() }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn length(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
}

fn problem(name: &str, reason: String) -> TemplateError {
    TemplateError::new(format!("parameter {name}"), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::yaml;

    const TEMPLATE: &str = "
Parameters:
  Prefix: {Type: String, Default: ak, AllowedPattern: '[a-z]{2}|[a-z]{4}', ConstraintDescription: 2 or 4 letters}
  Level: {Type: String, Default: info, AllowedValues: [info, debug]}
  Days: {Type: Number, Default: 3, AllowedValues: [1, 3, 7]}
  Count: {Type: Number, Default: 2, MinValue: 1, MaxValue: 3}
  Name: {Type: String, Default: ab, MinLength: 2, MaxLength: 3}
  Url: {Type: String, Default: 'https://a', AllowedPattern: '^https://[a-z0-9.:/]+$'}
  List: {Type: CommaDelimitedList, Default: 'a, b'}
  Odd: {Type: 'AWS::EC2::Image::Id', Default: a}
";

    fn check(without: &str, name: &str, value: &str) -> String {
        let mut template = yaml::parse(TEMPLATE).unwrap();
        template["Parameters"].as_object_mut().unwrap().remove(without);
        let given = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        values(&template, &given)
            .map_or_else(|problem| problem.to_string(), |values| values[name].to_string())
    }

    #[test]
    fn values_keep_every_rule_or_are_refused_by_its_name() {
        for (name, value, expected) in [
            ("Prefix", "ab", "\"ab\""),
            ("Prefix", "abcd", "\"abcd\""),
            (
                "Prefix",
                "abc",
                "parameter Prefix: breaks the rule AllowedPattern [a-z]{2}|[a-z]{4}: it must be 2 or 4 letters",
            ),
            ("Prefix", "ab\n", "AllowedPattern"),
            ("Prefix", "", "AllowedPattern"),
            ("Level", "debug", "\"debug\""),
            ("Level", "loud", "parameter Level: breaks the rule AllowedValues info,debug"),
            ("Days", "7", "\"7\""),
            ("Days", "2", "AllowedValues 1,3,7"),
            ("Count", "3", "\"3\""),
            ("Count", "4", "MaxValue 3"),
            ("Count", "0", "MinValue 1"),
            ("Count", "many", "breaks the rule"),
            ("Count", "inf", "breaks the rule"),
            ("Count", "", "breaks the rule"),
            ("Name", "äöü", "\"äöü\""),
            ("Name", "a", "MinLength 2"),
            ("Name", "abcd", "MaxLength 3"),
            ("Url", "http://127.0.0.1:1/a", "\"http://127.0.0.1:1/a\""),
            ("Url", "http://localhost", "\"http://localhost\""),
            ("Url", "http://localhost.example", "AllowedPattern"),
            ("Url", "http://example.com", "AllowedPattern"),
            ("List", "a,b", r#"["a","b"]"#),
            ("Nothing", "a", "parameter Nothing: is not declared"),
        ] {
            let said = check("Odd", name, value);
            assert!(said.contains(expected), "{name}={value}: {said}");
        }
        let said = check("", "Name", "ab");
        assert!(said.contains("parameter Odd") && said.contains("AWS::EC2::Image::Id"), "{said}");
    }
}

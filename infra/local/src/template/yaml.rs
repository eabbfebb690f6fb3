//! Reads `CloudFormation` YAML into JSON, with short tags (`!Ref`) in their long form (`{"Ref": …}`).

use serde_json::{Map, Value, json};
use yaml_rust2::{
    Event,
    parser::{EventReceiver, Parser, Tag},
    scanner::TScalarStyle,
};

use crate::error::TemplateError;

/// Parses one document.
pub(crate) fn parse(text: &str) -> Result<Value, TemplateError> {
    let mut builder = Builder::default();
    let loaded = Parser::new_from_str(text).load(&mut builder, false);
    loaded.map_err(|cause| TemplateError::new("not YAML", cause.to_string()))?;
    match builder.problem {
        Some(problem) => Err(problem),
        None => Ok(builder.document.unwrap_or(Value::Null)),
    }
}

#[derive(Debug)]
enum Container {
    List(Vec<Value>, Option<Tag>),
    Map(Map<String, Value>, Option<String>, Option<Tag>),
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Container>,
    document: Option<Value>,
    problem: Option<TemplateError>,
}

impl EventReceiver for Builder {
    fn on_event(&mut self, event: Event) {
        match event {
            Event::Scalar(text, style, _, tag) => {
                let plain = style == TScalarStyle::Plain && tag.is_none();
                let value = if plain { typed(text) } else { Value::String(text) };
                self.add(tagged(tag, value));
            }
            Event::SequenceStart(_, tag) => self.open.push(Container::List(Vec::new(), tag)),
            Event::MappingStart(_, tag) => self.open.push(Container::Map(Map::new(), None, tag)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Container::List(items, tag)) => self.add(tagged(tag, Value::Array(items))),
                Some(Container::Map(fields, _, tag)) => self.add(tagged(tag, Value::Object(fields))),
                None => {}
            },
            Event::Alias(_) => {
                self.problem = Some(TemplateError::new("an alias (*name)", "CloudFormation knows none"));
            }
            _ => {}
        }
    }
}

impl Builder {
    fn add(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.document = Some(value),
            Some(Container::List(items, _)) => items.push(value),
            Some(Container::Map(fields, name, _)) => match name.take() {
                None => *name = Some(as_name(value)),
                Some(name) => {
                    if fields.insert(name.clone(), value).is_some() {
                        self.problem = Some(TemplateError::new(name, "stands twice in one mapping"));
                    }
                }
            },
        }
    }
}

fn as_name(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn typed(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) if whole.to_string() == text => json!(whole),
            (Err(_), Ok(number)) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                json!(number)
            }
            _ => Value::String(text),
        },
    }
}

fn tagged(tag: Option<Tag>, value: Value) -> Value {
    let Some(tag) = tag.filter(|tag| tag.handle == "!") else {
        return value;
    };
    match (tag.suffix.as_str(), value) {
        (name @ ("Ref" | "Condition"), value) => json!({ name: value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (name, value) => json!({ format!("Fn::{name}"): value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_their_long_form() {
        let parsed = parse(
            "A: !Ref Table\nB: !GetAtt Fn.Arn\nC: !Sub 'x-${A}'\nD: !If [Yes, 1, !Ref 'AWS::NoValue']\n\
             E: !Equals\n  - !Ref P\n  - ''\nF: {Condition: !Condition Yes}",
        );
        let expected = json!({
            "A": {"Ref": "Table"},
            "B": {"Fn::GetAtt": ["Fn", "Arn"]},
            "C": {"Fn::Sub": "x-${A}"},
            "D": {"Fn::If": ["Yes", 1, {"Ref": "AWS::NoValue"}]},
            "E": {"Fn::Equals": [{"Ref": "P"}, ""]},
            "F": {"Condition": {"Condition": "Yes"}},
        });
        assert_eq!(parsed, Ok(expected));
    }

    #[test]
    fn plain_scalars_are_typed_and_quoted_ones_are_text() {
        let parsed = parse("a: 5\nb: '5'\nc: true\nd: 2012-10-17\ne: 0.5\nf:\ng: 007\nh: no\ni: \"2.0\"");
        let expected = json!({"a": 5, "b": "5", "c": true, "d": "2012-10-17", "e": 0.5, "f": null,
            "g": "007", "h": "no", "i": "2.0"});
        assert_eq!(parsed, Ok(expected));
    }

    #[test]
    fn broken_yaml_says_where() {
        let problem = parse("a: [1, 2").unwrap_err().to_string();
        assert!(problem.contains("line"), "{problem}");
        assert!(parse("a: 1\na: 2").unwrap_err().to_string().contains("twice"));
    }
}

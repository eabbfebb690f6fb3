//! Resolves parameters, conditions and intrinsic functions to values of the local stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{names, parameters};
use crate::error::TemplateError;

type ResolveResult = Result<Value, TemplateError>;

/// Resolves values against the whole template and the values of its parameters.
#[derive(Debug)]
pub(crate) struct Resolver<'t> {
    template: &'t Value,
    parameters: BTreeMap<String, Value>,
}

impl<'t> Resolver<'t> {
    /// Takes the values of parameters from `given`, and of the others their defaults.
    pub(crate) fn new(template: &'t Value, given: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let parameters = parameters::values(template, given)?;
        Ok(Self { template, parameters })
    }

    /// Resolves a value and all values inside it. A removed value becomes null.
    pub(crate) fn resolve(&self, value: &Value) -> ResolveResult {
        Ok(self.resolve_or_remove(value)?.unwrap_or(Value::Null))
    }

    /// Resolves to text, as an environment variable needs it; `None` if the value is removed.
    pub(crate) fn text(&self, value: &Value) -> Result<Option<String>, TemplateError> {
        Ok(self.resolve_or_remove(value)?.map(|value| plain_text(&value)))
    }

    /// Returns the value of a parameter, if it is text that is not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Tells whether the condition of a resource is met.
    pub(crate) fn has(&self, resource: &Value) -> Result<bool, TemplateError> {
        resource["Condition"].as_str().map_or(Ok(true), |condition| self.condition(condition))
    }

    /// Evaluates a named condition.
    pub(crate) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        match &self.template["Conditions"][name] {
            Value::Null => Err(TemplateError::new(format!("condition {name}"), "is not declared")),
            declared => self.evaluate(declared),
        }
    }

    /// Evaluates a condition that stands where it is used.
    pub(super) fn evaluate(&self, value: &Value) -> Result<bool, TemplateError> {
        let resolved = self.resolve(value)?;
        let decided = resolved.as_bool().or_else(|| resolved.as_str().and_then(|text| text.parse().ok()));
        decided.ok_or_else(|| TemplateError::new(value.to_string(), "is not a condition"))
    }

    fn resolve_or_remove(&self, value: &Value) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Array(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().filter_map(|item| self.resolve_or_remove(item).transpose()).collect();
                Ok(Some(Value::Array(items?)))
            }
            Value::Object(fields) => match single_field(fields) {
                Some((name, argument)) if name == "Ref" => self.reference(argument),
                Some((name, argument)) if name == "Condition" && argument.is_string() => {
                    self.condition(argument.as_str().unwrap_or_default()).map(|met| Some(Value::Bool(met)))
                }
                Some((name, argument)) if name.starts_with("Fn::") => self.function(&name[4..], argument),
                _ => {
                    let mut resolved = Map::new();
                    for (name, field) in fields {
                        if let Some(field) = self.resolve_or_remove(field)? {
                            resolved.insert(name.clone(), field);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            plain => Ok(Some(plain.clone())),
        }
    }

    fn reference(&self, argument: &Value) -> Result<Option<Value>, TemplateError> {
        let name = argument.as_str().unwrap_or_default();
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        let value = self.parameters.get(name).cloned();
        if value.is_none() {
            let resource = &self.template["Resources"][name];
            self.check_presence(&format!("Ref {name}"), resource)?;
            if resource["Type"] == "AWS::SecretsManager::ResourcePolicy" {
                return self.resolve_or_remove(&resource["Properties"]["SecretId"]);
            }
        }
        let value = value.or_else(|| names::pseudo(name).map(Value::from));
        let value = value.or_else(|| names::reference(&self.template["Resources"], name).map(Value::from));
        value
            .map(Some)
            .ok_or_else(|| TemplateError::new(format!("Ref {name}"), "names nothing in the template"))
    }

    /// Refuses a reference to a resource that the conditions leave out, as `CloudFormation` does.
    fn check_presence(&self, place: &str, resource: &Value) -> Result<(), TemplateError> {
        if self.has(resource)? {
            return Ok(());
        }
        Err(TemplateError::new(place, "names a resource whose condition is not met"))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> ResolveResult {
        let place = format!("GetAtt {resource}.{attribute}");
        self.check_presence(&place, &self.template["Resources"][resource])?;
        names::attribute(&self.template["Resources"], resource, attribute)
            .map(Value::from)
            .ok_or_else(|| TemplateError::new(place, "names nothing in the template"))
    }

    fn function(&self, name: &str, argument: &Value) -> Result<Option<Value>, TemplateError> {
        if name == "If" {
            let met = self.condition(argument[0].as_str().unwrap_or_default())?;
            return self.resolve_or_remove(&argument[if met { 1 } else { 2 }]);
        }
        if name == "Sub" {
            return self.substitute(argument).map(|text| Some(Value::String(text)));
        }
        let argument = self.resolve(argument)?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let value = match name {
            "GetAtt" => {
                let parts: Vec<String> = list(&argument).iter().map(plain_text).collect();
                let (resource, attribute) = parts
                    .split_first()
                    .map_or(("", String::new()), |(first, rest)| (first.as_str(), rest.join(".")));
                self.attribute(resource, &attribute)?
            }
            "Equals" => Value::Bool(plain_text(&argument[0]) == plain_text(&argument[1])),
            "Not" => Value::Bool(!self.evaluate(&argument[0])?),
            "And" | "Or" => {
                let met: Result<Vec<bool>, _> =
                    list(&argument).iter().map(|item| self.evaluate(item)).collect();
                let met = met?;
                Value::Bool(if name == "And" { met.iter().all(|met| *met) } else { met.contains(&true) })
            }
            "Join" => {
                let items: Vec<String> = list(&argument[1]).iter().map(plain_text).collect();
                Value::String(items.join(&plain_text(&argument[0])))
            }
            "Split" => {
                let text = plain_text(&argument[1]);
                text.split(&plain_text(&argument[0])).map(Value::from).collect()
            }
            "Select" => {
                let index = plain_text(&argument[0]).parse().unwrap_or(usize::MAX);
                argument[1][index].clone()
            }
            "FindInMap" => {
                let path: Vec<String> = list(&argument).iter().map(plain_text).collect();
                path.iter().fold(&self.template["Mappings"], |found, key| &found[key]).clone()
            }
            "ToJsonString" => Value::String(argument.to_string()),
            "Base64" => Value::String(crate::encoding::encode(plain_text(&argument))),
            other => {
                return Err(TemplateError::new(format!("Fn::{other}"), "is not known to the local stack"));
            }
        };
        Ok(Some(value))
    }

    fn substitute(&self, argument: &Value) -> Result<String, TemplateError> {
        let (text, given) = match argument {
            Value::Array(parts) => (parts.first(), self.resolve(parts.get(1).unwrap_or(&Value::Null))?),
            text => (Some(text), Value::Null),
        };
        let mut rest = text.and_then(Value::as_str).unwrap_or_default();
        let mut whole = String::new();
        while let Some(start) = rest.find("${") {
            whole.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                break;
            };
            let name = &rest[start + 2..start + length];
            rest = &rest[start + length + 1..];
            let attribute = name.split_once('.').filter(|(_, attribute)| *attribute != "Alias");
            match (name.strip_prefix('!'), given.get(name), attribute) {
                (Some(literal), ..) => whole.extend(["${", literal, "}"]),
                (_, Some(value), _) => whole.push_str(&plain_text(value)),
                (.., Some((resource, attribute))) => {
                    whole.push_str(&plain_text(&self.attribute(resource, attribute)?));
                }
                _ => {
                    let value = self.reference(&Value::from(name))?;
                    whole.push_str(&value.as_ref().map(plain_text).unwrap_or_default());
                }
            }
        }
        whole.push_str(rest);
        Ok(whole)
    }
}

fn single_field(fields: &Map<String, Value>) -> Option<(&String, &Value)> {
    fields.iter().next().filter(|_| fields.len() == 1)
}

/// Iterates over an object's fields; any other value has none.
pub(crate) fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Renders a value as text, as `CloudFormation` does for a text property.
pub(crate) fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::yaml;

    const TEMPLATE: &str = "
Parameters:
  Name: {Type: String, Default: ak}
  Empty: {Type: String, Default: ''}
Conditions:
  Named: !Not [!Equals [!Ref Name, '']]
  Both: !And [!Condition Named, !Equals [!Ref Empty, '']]
  Either: !Or [!Not [!Condition Named], !Equals [!Ref Empty, b]]
Mappings: {Sizes: {big: {mb: 512}}}
Resources:
  Table: {Type: 'AWS::DynamoDB::Table'}
  CreateAccessKeyFunction: {Type: 'AWS::Serverless::Function', Properties: {AutoPublishAlias: live}}
  Pepper: {Type: 'AWS::SecretsManager::Secret', Condition: Both}
  PepperPolicy: {Type: 'AWS::SecretsManager::ResourcePolicy', Properties: {SecretId: !Ref Pepper}}
  LeftOut: {Type: 'AWS::SecretsManager::Secret', Condition: Either}
";

    fn check(value: &str, expected: &Value) {
        let template = yaml::parse(TEMPLATE).unwrap();
        let resolver = Resolver::new(&template, &BTreeMap::new()).unwrap();
        assert_eq!(&resolver.resolve(&yaml::parse(value).unwrap()).unwrap(), expected, "{value}");
    }

    #[test]
    fn intrinsic_functions_resolve_to_local_values() {
        check("!Ref Name", &"ak".into());
        check("!Ref Table", &"access-keys".into());
        check("!Sub '${Name}-${AWS::Region}-${!Kept}'", &"ak-us-east-1-${Kept}".into());
        check("!Sub ['${A}/${Table}', {A: !Ref Name}]", &"ak/access-keys".into());
        check(
            "!Sub '${CreateAccessKeyFunction.Arn}'",
            &"arn:aws:lambda:local:000000000000:function:create-access-key".into(),
        );
        let alias = "arn:aws:lambda:local:000000000000:function:create-access-key:live";
        check("!Ref CreateAccessKeyFunction.Alias", &alias.into());
        check("!Sub '<${CreateAccessKeyFunction.Alias}>'", &format!("<{alias}>").into());
        let role = "arn:aws:iam::000000000000:role/CreateAccessKeyFunctionRole";
        check("!GetAtt CreateAccessKeyFunctionRole.Arn", &role.into());
        check("!Ref PepperPolicy", &names::secret_arn("Pepper").into());
        check("!If [Either, 1, 2]", &2.into());
        check("!GetAtt Table.Arn", &"arn:aws:dynamodb:us-east-1:000000000000:table/access-keys".into());
        check("!If [Both, {a: !Ref 'AWS::NoValue', b: 1}, 2]", &serde_json::json!({"b": 1}));
        check("!Join ['-', [a, !Ref Name]]", &"a-ak".into());
        check("!Select [1, !Split [',', 'a,b']]", &"b".into());
        check("!FindInMap [Sizes, big, mb]", &512.into());
    }

    #[test]
    fn unknown_names_are_reported() {
        let template = yaml::parse(TEMPLATE).unwrap();
        let resolver = Resolver::new(&template, &BTreeMap::new()).unwrap();
        let unknown = resolver.resolve(&yaml::parse("!Ref Nothing").unwrap()).unwrap_err();
        assert!(unknown.to_string().contains("Ref Nothing"));
        for reference in ["!Ref LeftOut", "!GetAtt LeftOut.Arn", "!Sub '${LeftOut.Arn}'", "!Ref Table.Alias"]
        {
            let problem = resolver.resolve(&yaml::parse(reference).unwrap()).unwrap_err().to_string();
            assert!(problem.contains("condition is not met") != problem.contains("Table"), "{problem}");
        }
        let given = BTreeMap::from([("Other".to_owned(), String::new())]);
        assert!(Resolver::new(&template, &given).unwrap_err().to_string().contains("Other"));
    }
}

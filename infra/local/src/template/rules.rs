//! The rules of the template: what the values of several parameters must be together.

use serde_json::Value;

use super::resolve::{Resolver, object, plain_text};
use crate::error::TemplateError;

/// Checks every rule whose condition is met.
pub(super) fn check(template: &Value, resolver: &Resolver) -> Result<(), TemplateError> {
    for (name, rule) in object(&template["Rules"]) {
        let condition = &rule["RuleCondition"];
        if !condition.is_null() && !resolver.evaluate(condition)? {
            continue;
        }
        for assertion in rule["Assertions"].as_array().into_iter().flatten() {
            if !resolver.evaluate(&assertion["Assert"])? {
                let reason = plain_text(&assertion["AssertDescription"]);
                return Err(TemplateError::new(format!("rule {name}"), format!("is broken: {reason}")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::template::yaml;

    const TEMPLATE: &str = "
Parameters: {Name: {Type: String, Default: ''}, Certificate: {Type: String, Default: ''}}
Rules:
  NameNeedsCertificate:
    RuleCondition: !Not [!Equals [!Ref Name, '']]
    Assertions: [{Assert: !Not [!Equals [!Ref Certificate, '']], AssertDescription: Name needs Certificate}]
";

    #[test]
    fn a_broken_rule_is_told_by_its_description() {
        let template = yaml::parse(TEMPLATE).unwrap();
        let problem = |given: &[&str]| {
            let given = given.iter().map(|name| ((*name).to_owned(), "x".to_owned()));
            let resolver = Resolver::new(&template, &given.collect::<BTreeMap<_, _>>()).unwrap();
            check(&template, &resolver).map_or_else(|problem| problem.to_string(), |()| String::new())
        };
        assert_eq!(problem(&[]), "");
        assert_eq!(problem(&["Certificate"]), "");
        assert_eq!(problem(&["Name", "Certificate"]), "");
        assert_eq!(problem(&["Name"]), "rule NameNeedsCertificate: is broken: Name needs Certificate");
    }
}

//! The resources of a template as they are deployed, for tests that judge what the stack does not serve.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{LocalUrls, present, resolve::Resolver, with_local_values, yaml};
use crate::error::TemplateError;

/// Returns the properties of all resources of one type whose condition is met, by name and with every value resolved
/// for this machine. `given` overrides parameters.
pub fn resources(
    text: &str,
    kind: &str,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let template = yaml::parse(text)?;
    let given = with_local_values(&template, &LocalUrls::example(), given);
    let resolver = Resolver::new(&template, &given)?;
    present(&template, &resolver)?
        .into_iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| Ok((name.to_owned(), resolver.resolve(&resource["Properties"])?)))
        .collect()
}

//! Functions and their schedules.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    Resources, names,
    resolve::{Resolver, object, plain_text},
};
use crate::error::TemplateError;

/// The settings with which Lambda runs a function.
#[derive(Debug, Clone)]
pub(crate) struct FunctionSettings {
    /// The name of its folder, package and binary.
    pub(crate) name: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) timeout: Duration,
    pub(crate) memory_megabytes: u64,
}

/// One schedule of a function.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) function: String,
    /// How often it runs; `None` if it does not run locally (`cron`, `at`, disabled).
    pub(crate) every: Option<Duration>,
    /// The event, with the scheduler's placeholders in it.
    pub(crate) input: String,
}

/// The type of a function's resource.
pub(super) const FUNCTION: &str = "AWS::Serverless::Function";

/// Reads every function.
pub(crate) fn read(
    template: &Value,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Vec<FunctionSettings>, TemplateError> {
    let globals = &template["Globals"]["Function"];
    let functions = resources.iter().filter(|(_, resource)| resource["Type"] == FUNCTION);
    functions.map(|(name, resource)| function(template, globals, name, resource, resolver)).collect()
}

fn function(
    template: &Value,
    globals: &Value,
    name: &str,
    resource: &Value,
    resolver: &Resolver,
) -> Result<FunctionSettings, TemplateError> {
    let properties = &resource["Properties"];
    let mut environment = BTreeMap::new();
    for source in [globals, properties] {
        for (variable, value) in object(&source["Environment"]["Variables"]) {
            if let Some(value) = resolver.text(value)? {
                environment.insert(variable.clone(), value);
            }
        }
    }
    let number = |property: &str, default: u64| -> Result<u64, TemplateError> {
        let value =
            [properties, globals].into_iter().map(|source| &source[property]).find(|value| !value.is_null());
        let Some(value) = value else { return Ok(default) };
        let text = plain_text(&resolver.resolve(value)?);
        text.parse().map_err(|_| TemplateError::new(format!("{name}.{property}"), "is not a number"))
    };
    Ok(FunctionSettings {
        name: names::folder(&template["Resources"], name),
        environment,
        timeout: Duration::from_secs(number("Timeout", 3)?),
        memory_megabytes: number("MemorySize", 128)?,
    })
}

/// Reads every schedule.
pub(crate) fn schedules(
    template: &Value,
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Vec<Schedule>, TemplateError> {
    let mut schedules = Vec::new();
    for (name, resource) in resources.iter().filter(|(_, resource)| resource["Type"] == FUNCTION) {
        for (_, event) in
            object(&resource["Properties"]["Events"]).filter(|(_, event)| event["Type"] == "ScheduleV2")
        {
            let properties = resolver.resolve(&event["Properties"])?;
            let expression = plain_text(&properties["ScheduleExpression"]);
            let disabled = properties["State"] == "DISABLED";
            schedules.push(Schedule {
                function: names::folder(&template["Resources"], name),
                every: rate(&expression).filter(|_| !disabled),
                input: match &properties["Input"] {
                    Value::Null => "{}".to_owned(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                },
            });
        }
    }
    Ok(schedules)
}

fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.trim().split_once(' ')?;
    let seconds = match unit.trim().trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    count.parse::<u64>().ok().filter(|count| *count > 0).map(|count| Duration::from_secs(count * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_run_locally_and_other_expressions_do_not() {
        assert_eq!(rate("rate(5 minutes)"), Some(Duration::from_mins(5)));
        assert_eq!(rate("rate(1 hour)"), Some(Duration::from_hours(1)));
        assert_eq!(rate("cron(0 9 * * ? *)"), None);
        assert_eq!(rate("rate(0 minutes)"), None);
    }
}

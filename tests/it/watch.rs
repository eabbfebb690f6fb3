//! What the stack says of itself: log lines, metrics, alarms, and the dashboard.

mod alarms;
mod aws_metrics;
mod conditions;
mod joined;
mod metrics;
mod patterns;
mod pepper;
mod starts;

use std::{collections::BTreeMap, sync::LazyLock};

use kit::{
    Stack,
    cloudwatch::{Datapoint, MetricFilter, embedded_metrics},
};
use local::template::declared_resources;
use serde_json::Value;

/// Returns the resources of one type as they are deployed.
fn resources(kind: &str) -> BTreeMap<String, Value> {
    resources_with(kind, &[])
}

/// Returns the resources of one type as they are deployed with these parameters.
fn resources_with(kind: &str, parameters: &[(&str, &str)]) -> BTreeMap<String, Value> {
    declared_resources(&TEMPLATE, kind, &given(parameters)).unwrap()
}

/// Returns why the template refuses these parameters.
fn refused_parameter(parameters: &[(&str, &str)]) -> String {
    declared_resources(&TEMPLATE, "AWS::CloudWatch::Alarm", &given(parameters)).unwrap_err().to_string()
}

fn given(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap()
});

fn filters() -> Vec<MetricFilter> {
    resources("AWS::Logs::MetricFilter").values().map(MetricFilter::read).collect()
}

/// Returns the log group of a function.
fn log_group(function: &str) -> &'static str {
    if function == "authorize-request" { "AuthorizeRequestLogGroup" } else { "FunctionLogGroup" }
}

/// Returns the lines that the functions wrote, each with its function.
fn lines(stack: &Stack) -> Vec<(String, String)> {
    let lines = stack.logs().lines().into_iter();
    lines.map(|line| (line.function, String::from_utf8_lossy(&line.bytes).trim_end().to_owned())).collect()
}

/// Returns the lines of a request, each with its function.
fn lines_of(stack: &Stack, request_id: &str) -> Vec<(String, Value)> {
    let lines = lines(stack).into_iter();
    let parsed = lines.map(|(function, line)| (function, serde_json::from_str::<Value>(&line).unwrap()));
    parsed.filter(|(_, line)| line["request_id"] == request_id).collect()
}

/// Returns what `CloudWatch` makes of all lines so far.
pub(crate) fn datapoints(stack: &Stack) -> Vec<Datapoint> {
    let (filters, mut points) = (filters(), Vec::new());
    for (function, line) in lines(stack) {
        points.extend(embedded_metrics(&line));
        let of_group = filters.iter().filter(|filter| filter.log_group == log_group(&function));
        points.extend(of_group.filter_map(|filter| filter.datapoint(&line)));
    }
    points
}

/// Returns the values of a metric, the oldest first.
pub(crate) fn values(points: &[Datapoint], name: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    let wanted: BTreeMap<_, _> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let named = points.iter().filter(|point| point.name == name && point.dimensions == wanted);
    named.map(|point| point.value).collect()
}

#[test]
fn each_function_writes_to_the_log_group_that_its_lines_are_looked_for_in() {
    let functions = resources("AWS::Serverless::Function");
    assert!(functions.len() > 15);
    for (name, properties) in functions {
        let group = &properties["LoggingConfig"]["LogGroup"];
        let expected = if name == "AuthorizeRequestFunction" {
            log_group("authorize-request").into()
        } else {
            // The one of Globals.
            Value::Null
        };
        assert_eq!(*group, expected, "{name}");
    }
}

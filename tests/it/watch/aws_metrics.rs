//! Alarms and the dashboard name metrics that exist: those of AWS by a table with sources, our own by the lines.

use std::collections::BTreeSet;

use kit::{RestRequest, run};
use serde_json::{Value, json};

use super::{datapoints, resources};

/// Namespace, name, dimensions with their values, statistic.
pub(super) type Use = (String, String, Vec<(String, String)>, String);

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn dimensions_of(metric: &Value) -> Vec<(String, String)> {
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
    dimensions.map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"]))).collect()
}

/// Lists the metrics that an alarm watches.
pub(super) fn of_alarm(alarm: &Value) -> Vec<Use> {
    let Some(queries) = alarm["Metrics"].as_array() else {
        let statistic = alarm.get("Statistic").filter(|statistic| !statistic.is_null());
        let statistic = text(statistic.unwrap_or(&alarm["ExtendedStatistic"]));
        return vec![(
            text(&alarm["Namespace"]),
            text(&alarm["MetricName"]),
            dimensions_of(alarm),
            statistic,
        )];
    };
    let stats = queries.iter().map(|query| &query["MetricStat"]).filter(|stat| !stat.is_null());
    let of = |stat: &Value| {
        let metric = &stat["Metric"];
        (text(&metric["Namespace"]), text(&metric["MetricName"]), dimensions_of(metric), text(&stat["Stat"]))
    };
    stats.map(of).collect()
}

fn dashboard() -> Value {
    let body = &resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"];
    serde_json::from_str(body.as_str().unwrap()).unwrap()
}

/// Lists the metrics of the dashboard, without expressions.
fn of_dashboard() -> Vec<Use> {
    let (dashboard, mut uses) = (dashboard(), Vec::new());
    for widget in dashboard["widgets"].as_array().unwrap() {
        let properties = &widget["properties"];
        for metric in properties["metrics"].as_array().unwrap() {
            let parts = metric.as_array().unwrap();
            let (names, rendering) = match parts.last() {
                Some(rendering @ Value::Object(_)) => (&parts[..parts.len() - 1], rendering.clone()),
                _ => (&parts[..], json!({})),
            };
            let names: Vec<_> = names.iter().map(text).collect();
            let [namespace, name, dimensions @ ..] = names.as_slice() else { continue };
            let dimensions = dimensions.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let statistic = rendering.get("stat").unwrap_or(&properties["stat"]);
            uses.push((namespace.clone(), name.clone(), dimensions, text(statistic)));
        }
    }
    uses
}

#[test]
fn each_metric_of_aws_stands_with_its_dimensions_and_statistic_in_the_table_and_the_reverse() {
    let mut documented = BTreeSet::new();
    for row in include_str!("aws_metrics.tsv").lines().skip(1) {
        let [namespace, name, dimensions, statistics, source] = row.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("{row}")
        };
        assert!(source.starts_with("https://docs.aws.amazon.com/"), "{row}");
        documented.extend(
            statistics
                .split(' ')
                .map(|statistic| [namespace, name, dimensions, statistic].map(str::to_owned)),
        );
    }
    let alarms = resources("AWS::CloudWatch::Alarm");
    let uses = alarms.values().flat_map(of_alarm).chain(of_dashboard());
    let mut found = BTreeSet::new();
    for (namespace, name, dimensions, statistic) in
        uses.filter(|(namespace, ..)| namespace.starts_with("AWS/"))
    {
        let mut names: Vec<_> = dimensions.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        found.insert([namespace, name, names.join(" "), statistic]);
    }
    assert_eq!(found, documented);
}

#[test]
fn alarms_and_dashboard_name_metrics_of_our_own_that_lines_make() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let of_us = |(namespace, ..): &Use| namespace == "local";
    let named: BTreeSet<_> = alarms
        .values()
        .flat_map(of_alarm)
        .chain(of_dashboard())
        .filter(of_us)
        .map(|(_, name, ..)| name)
        .collect();
    let expressions = dashboard().to_string();
    run(async |world| {
        world.anonymous().get("/v1/whoami").await.expect_forbidden_by_gateway();
        let mut request = RestRequest::new("r", "GET", "/x", world.stack.clock().now()).authorizer_event();
        request["requestContext"]["requestTimeEpoch"] = json!(0);
        world.stack.invoke("authorize-request", &request).await.unwrap_err();
        world.notify().await;
        let points = datapoints(&world.stack);
        let made: BTreeSet<_> = points.iter().map(|point| point.name.clone()).collect();
        assert!(named.is_subset(&made), "{named:?} {made:?}");
        let shown = |name: &String| {
            named.contains(name) || expressions.contains(&format!("MetricName=\\\"{name}\\\""))
        };
        let hidden: Vec<_> = made.iter().filter(|name| !shown(name)).collect();
        assert!(hidden.is_empty(), "the dashboard does not show {hidden:?}");
        for (dimension, name) in [("reason", "Refusals"), ("function", "Failures")] {
            let searched = format!("{{local,{dimension}}} MetricName=\\\"{name}\\\"");
            assert!(expressions.contains(&searched), "{searched}: {expressions}");
        }
    });
}

#[test]
fn the_dashboard_shows_all_that_the_specification_lists() {
    let shown: BTreeSet<_> = of_dashboard().into_iter().map(|(_, name, ..)| name).collect();
    for name in [
        "Invocations",
        "Duration",
        "4xx",
        "5xx",
        "ConsumedReadCapacityUnits",
        "ConsumedWriteCapacityUnits",
        "ReadThrottleEvents",
        "WriteThrottleEvents",
        "Throttles",
        "Due",
        "Sent",
        "Failed",
        "LeftOver",
        "Lag",
        "KeysExpiring30Days",
        "Reputation.BounceRate",
        "Starts",
        "StartMilliseconds",
        "AuthorizerFailures",
    ] {
        assert!(shown.contains(name), "{name}");
    }
    let widgets = dashboard()["widgets"].as_array().unwrap().clone();
    let places: BTreeSet<_> =
        widgets.iter().map(|widget| (widget["x"].as_u64(), widget["y"].as_u64())).collect();
    assert_eq!(places.len(), widgets.len(), "none covers another");
}

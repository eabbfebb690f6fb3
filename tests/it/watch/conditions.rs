//! What each alarm watches, and when it is on: as the committed table says, and the specification.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    aws_metrics::{of_alarm, text},
    resources, resources_with,
};

/// The columns of the table after the name of the alarm and what it watches.
const CONDITION: [&str; 7] = [
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "ComparisonOperator",
    "Threshold",
    "TreatMissingData",
];

/// What an alarm may have besides: its text, where it goes, and the parts that other tests compare.
const OTHERS: [&str; 7] = [
    "AlarmActions",
    "AlarmDescription",
    "Dimensions",
    "ExtendedStatistic",
    "MetricName",
    "Metrics",
    "Namespace",
];

/// Writes a member as the table has it: `-` if it is absent.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other}"),
    }
}

/// Writes the row of an alarm.
fn row(name: &str, alarm: &Value) -> String {
    let metrics = alarm["Metrics"].as_array();
    let watched = match metrics {
        Some(queries) => {
            let returned = queries.iter().filter(|query| query["ReturnData"] == true);
            let returned: Vec<_> = returned.map(|query| text(&query["Id"])).collect();
            returned.join(" ")
        }
        None => of_alarm(alarm)
            .into_iter()
            .map(|(namespace, name, dimensions, _)| {
                let dimensions: Vec<_> =
                    dimensions.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                format!("{namespace} {name}{}", dimensions.concat())
            })
            .collect::<Vec<_>>()
            .concat(),
    };
    let condition = CONDITION.iter().map(|member| match (*member, metrics) {
        ("Statistic", None) => shown(alarm.get("Statistic").unwrap_or(&alarm["ExtendedStatistic"])),
        (member, _) => shown(&alarm[member]),
    });
    let members = [name.to_owned(), watched].into_iter().chain(condition);
    members.collect::<Vec<_>>().join("\t")
}

#[test]
fn each_alarm_is_on_when_its_row_says_so_and_has_nothing_else() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let found: Vec<_> = alarms.iter().map(|(name, alarm)| row(name, alarm)).collect();
    let documented: Vec<_> = include_str!("alarms.tsv").lines().skip(1).collect();
    assert_eq!(found, documented, "\n{}", found.join("\n"));
    for (name, alarm) in &alarms {
        let members = alarm.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        let members: BTreeSet<_> = members.map(|(member, _)| member.as_str()).collect();
        let known = CONDITION.into_iter().chain(OTHERS).collect();
        assert!(members.is_subset(&known), "{name}: {members:?}");
    }
}

#[test]
fn parameters_decide_which_alarms_there_are_and_how_long_notices_may_stop() {
    let names = |parameters: &[(&str, &str)]| -> BTreeSet<String> {
        resources_with("AWS::CloudWatch::Alarm", parameters).into_keys().collect()
    };
    let without = |parameters: &[(&str, &str)]| names(&[]).difference(&names(parameters)).cloned().collect();
    let missing: Vec<String> = without(&[("SesRegion", "eu-west-1")]);
    assert_eq!(missing, ["MailBouncesAlarm"], "an alarm sees no other region");
    let missing: Vec<String> = without(&[("LifecycleEvents", "false")]);
    assert_eq!(missing, ["EventsUndeliveredAlarm"]);
    let slower = [("NoticesStoppedMinutes", "40")];
    let alarms = resources_with("AWS::CloudWatch::Alarm", &slower);
    for name in ["NoticesStoppedAlarm", "NoticesFailAlarm"] {
        assert_eq!(alarms[name]["EvaluationPeriods"], "40", "{name}");
    }
    let restored = resources_with("AWS::CloudWatch::Alarm", &[("TableName", "restored")]);
    for name in ["TableThrottledAlarm", "TableFailsAlarm"] {
        for (.., dimensions, _) in of_alarm(&restored[name]) {
            assert_eq!(dimensions[0], ("TableName".to_owned(), "restored".to_owned()), "{name}");
        }
    }
}

#[test]
fn the_alarm_on_stopped_notices_counts_runs_that_end() {
    let alarm = &resources("AWS::CloudWatch::Alarm")["NoticesStoppedAlarm"];
    let watched = of_alarm(alarm).into_iter().map(|(namespace, metric, dimensions, statistic)| {
        assert_eq!((namespace.as_str(), statistic.as_str()), ("AWS/Lambda", "Sum"));
        assert_eq!(dimensions, [("FunctionName".to_owned(), "notify-expiring-keys".to_owned())]);
        metric
    });
    assert_eq!(watched.collect::<Vec<_>>(), ["Invocations", "Errors"]);
    let queries = alarm["Metrics"].as_array().unwrap();
    assert_eq!(queries[0]["Expression"], "FILL(runs, 0) - FILL(crashes, 0)");
    assert_eq!((&queries[1]["Id"], &queries[2]["Id"]), (&json!("runs"), &json!("crashes")));
    assert!(queries[1..].iter().all(|query| query["MetricStat"]["Period"] == 60));
    assert_eq!(
        (&alarm["EvaluationPeriods"], &alarm["DatapointsToAlarm"], &alarm["ComparisonOperator"]),
        (&json!("15"), &json!(null), &json!("LessThanThreshold"))
    );
    assert_eq!((alarm["Threshold"].as_f64(), &alarm["TreatMissingData"]), (Some(1.0), &json!("breaching")));
}

#[test]
fn alarms_on_the_table_sum_all_indexes_and_all_calls() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let indexes = &resources("AWS::DynamoDB::Table")["Table"]["GlobalSecondaryIndexes"];
    let indexes = indexes.as_array().unwrap().iter().map(|index| text(&index["IndexName"]));
    let places: Vec<_> = [String::new()].into_iter().chain(indexes).collect();
    let throttles = ["ReadThrottleEvents", "WriteThrottleEvents"];
    for (alarm, metrics, dimension, values, threshold) in [
        ("TableThrottledAlarm", &throttles[..], "GlobalSecondaryIndexName", places, 10),
        ("TableFailsAlarm", &["SystemErrors"][..], "Operation", operations(), 5),
    ] {
        let found = &alarms[alarm];
        let watched = of_alarm(found).into_iter().map(|(_, metric, dimensions, _)| {
            let place = dimensions.into_iter().find(|(name, _)| name == dimension);
            (metric, place.map(|(_, value)| value).unwrap_or_default())
        });
        let mut watched: Vec<_> = watched.collect();
        watched.sort();
        let of_metric = |metric: &&str| {
            let metric = (*metric).to_owned();
            values.iter().map(move |value| (metric.clone(), value.clone())).collect::<Vec<_>>()
        };
        let mut wanted: Vec<_> = metrics.iter().flat_map(of_metric).collect();
        wanted.sort();
        assert_eq!(watched, wanted, "{alarm}");
        assert_eq!(
            (&found["Threshold"], &found["EvaluationPeriods"]),
            (&json!(threshold), &json!(1)),
            "{alarm}"
        );
        let queries = found["Metrics"].as_array().unwrap();
        let sum = queries.iter().find(|query| query["ReturnData"] == true).unwrap();
        let terms = queries.iter().filter(|query| query["ReturnData"] == false);
        let terms: Vec<_> = terms.map(|query| format!("FILL({}, 0)", text(&query["Id"]))).collect();
        assert_eq!(sum["Expression"], terms.join(" + "), "{alarm}");
        assert!(
            queries.iter().all(|query| query["MetricStat"].is_null() || query["MetricStat"]["Period"] == 300)
        );
    }
}

/// Lists the calls that DynamoDB counts by: a transaction is one, whatever it writes.
fn operations() -> Vec<String> {
    ["BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"]
        .map(str::to_owned)
        .to_vec()
}

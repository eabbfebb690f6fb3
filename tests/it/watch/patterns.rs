//! Filter patterns, as the tests read them, and the lines of Lambda that ours select.

use kit::cloudwatch::Pattern;
use serde_json::json;

use super::filters;

#[test]
fn a_pattern_selects_as_cloudwatch_does() {
    let line = r#"{"level":"ERROR","count":5,"a":{"b":"x-y"},"none":null,"yes":true,"dotted.name":"z"}"#;
    for (pattern, selected) in [
        (r#"{ $.level = "ERROR" }"#, true),
        (r#"{$.level="ERROR"}"#, true),
        (r"{ $.level = ERROR }", true),
        (r#"{ $.level = "error" }"#, false),
        (r#"{ $.level != "INFO" }"#, true),
        (r#"{ $.missing != "INFO" }"#, false),
        (r#"{ $.level = "E*R" && $.count >= 5 }"#, true),
        (r"{ $.count > 5 || $.count < 5 }", false),
        (r#"{ ($.count = 5 || $.count = 6) && $.a.b = "x*" }"#, true),
        (r"{ $.count = 6 && $.level = ERROR || $.yes IS TRUE }", true),
        (r"{ $.none IS NULL && $.missing NOT EXISTS }", true),
        (r"{ $.level NOT EXISTS }", false),
        // A name with a dot is a path.
        (r#"{ $.dotted.name = "z" }"#, false),
    ] {
        assert_eq!(Pattern::parse(pattern).unwrap().selects(line), selected, "{pattern}");
    }
    assert!(!Pattern::parse(r#"{ $.level = "ERROR" }"#).unwrap().selects("ERROR"));
    for odd in [
        "ERROR",
        "{ level = 1 }",
        "{ $.level }",
        "{ $.a = 1",
        "{ $.a = 1 } x",
        "{ $.a = %x% }",
        "{ ($.a = 1 }",
    ] {
        assert!(Pattern::parse(odd).is_err(), "{odd}");
    }
}

/// The shape of the lines: <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>, `platform.report`.
/// Those whose status is not `success` are warnings:
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>.
#[test]
fn a_killed_instance_of_the_authorizer_is_counted_by_lambdas_own_line() {
    let report = |kind: &str, status: &str, error_type: Option<&str>| {
        let mut line = json!({
            "time": "2026-11-28T10:00:00.123Z",
            "type": kind,
            "record": {
                "requestId": "79b4f56e-95b1-4643-9700-2807f4e68189",
                "metrics": {"durationMs": 9_000.0, "billedDurationMs": 9_000, "memorySizeMB": 512, "maxMemoryUsedMB": 26},
                "status": status,
            },
        });
        if let Some(error_type) = error_type {
            line["record"]["errorType"] = json!(error_type);
        }
        line.to_string()
    };
    let [filter] = &filters()[..] else { panic!("one filter") };
    for (line, counted) in [
        (report("platform.report", "timeout", None), true),
        (report("platform.report", "timeout", Some("Sandbox.Timedout")), true),
        (report("platform.report", "error", Some("Runtime.OutOfMemory")), true),
        (report("platform.report", "error", Some("Runtime.ExitError")), true),
        // The other line on the same invocation.
        (report("platform.runtimeDone", "timeout", None), false),
        // A REST API's 401: the error of the function itself.
        (report("platform.report", "error", Some("Unauthorized")), false),
        (report("platform.report", "success", None), false),
    ] {
        assert_eq!(filter.datapoint(&line).map(|point| point.value), counted.then_some(1.0), "{line}");
    }
}

//! Metric filters select the lines that they are made for, and no others.

use kit::{Effect, Fault, Service, cloudwatch::Pattern, run};

use super::{filters, lines, log_group};

#[test]
fn each_metric_filter_selects_a_line_of_a_failure_and_none_of_a_refusal() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.anonymous().get("/v1/whoami").await.expect_forbidden_by_gateway();
        let selected = || {
            let count = |filter: &kit::cloudwatch::MetricFilter| {
                let of_group = lines(&world.stack).into_iter();
                let of_group = of_group.filter(|(function, _)| log_group(function) == filter.log_group);
                of_group.filter(|(_, line)| filter.pattern.selects(line)).count()
            };
            filters().iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(filters().len(), 1);
        assert_eq!(selected(), [0]);
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        world.stack.faults().add(fault.function("authorize-request"));
        client.get("/v1/whoami").await.expect(500);
        assert_eq!(selected(), [1]);
    });
}

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

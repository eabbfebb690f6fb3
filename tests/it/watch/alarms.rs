//! Alarms on metrics of our own go on when what they watch happens, and off again.

use kit::{
    DAY, Effect, Fault, Options, RestRequest, Service, Switches, TokenShape, World,
    cloudwatch::{Alarm, Datapoint},
    run_with,
};
use local::Quota;
use serde_json::{Value, json};

use super::{datapoints, lines, resources, resources_with, values};
use crate::authorizer::issuers::{options, sign_in};

fn alarm(name: &str) -> Alarm {
    Alarm::new(resources("AWS::CloudWatch::Alarm").remove(name).unwrap())
}

fn timed() -> Options {
    Options { instance_clocks: true, ..Options::default() }
}

/// The latest time that a metric has, milliseconds since the epoch.
fn latest(points: &[Datapoint]) -> i64 {
    points.iter().map(|point| point.at).max().unwrap()
}

/// Lets time pass until a minute has just begun, so that what follows falls into it.
#[expect(clippy::disallowed_methods, reason = "instances start with the machine's clock")]
fn begin_a_minute(world: &World) {
    let second = jiff::Timestamp::now().as_second().rem_euclid(60);
    world.stack.pass_time(u32::try_from(62 - second).unwrap()).unwrap();
}

#[test]
fn five_failures_of_the_authorizer_in_two_of_three_minutes_are_an_alarm_and_refusals_are_none() {
    run_with(timed(), async |world| {
        let alarm = alarm("AuthorizerFailsAlarm");
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let fault = || {
            // One that no client repeats.
            let refused = Effect::Error { status: 400, code: "ValidationException".to_owned() };
            Fault::on(Service::DynamoDb, refused).operation("BatchGetItem").function("authorize-request")
        };
        let fail = async |failures: u32| {
            world.stack.faults().add(fault());
            for _ in 0..failures {
                client.get("/v1/whoami").await.expect(500);
            }
            world.stack.faults().clear();
            let points = datapoints(&world.stack);
            alarm.is_on(&points, latest(&points))
        };
        begin_a_minute(world);
        assert!(!fail(5).await, "one minute");
        world.stack.pass_time(60).unwrap();
        assert!(!fail(4).await, "too few in the second minute");
        // Lambda counts the 401 of a REST API as an error. The alarm does not.
        let request = RestRequest::new("rest123", "GET", "/x", world.stack.clock().now());
        for _ in 0..6 {
            world.stack.invoke("authorize-request", &request.authorizer_event()).await.unwrap_err();
        }
        let points = datapoints(&world.stack);
        assert!(!alarm.is_on(&points, latest(&points)));
        world.stack.pass_time(60).unwrap();
        assert!(fail(5).await, "two of three minutes");
        let points = datapoints(&world.stack);
        assert!(!alarm.is_on(&points, latest(&points) + 120_000), "it goes off by itself");
        assert_eq!(values(&points, "AuthorizerFailures", &[]).len(), 14);
    });
}

#[test]
fn a_throttled_partition_is_no_alarm_of_the_authorizer_and_strangers_who_use_up_the_issuer_fail_nothing() {
    let thin = Switches { tokens: TokenShape::Thin, ..Switches::default() };
    // An attempt that is not repeated takes no time.
    let once = options(&[("AuthorizerMaxAttempts", "1"), ("AuthorizerBaseBackoffMs", "1")]);
    run_with(Options { instance_clocks: true, ..once }, async |world| {
        let alarm = alarm("AuthorizerFailsAlarm");
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.stack.issuer().switch(thin);
        let fail = async |effect, requests: u32| {
            let fault = Fault::on(Service::DynamoDb, effect).operation("BatchGetItem");
            world.stack.faults().add(fault.function("authorize-request"));
            for _ in 0..requests {
                client.get("/v1/whoami").await.expect(500);
            }
            world.stack.faults().clear();
        };
        begin_a_minute(world);
        for minute in 0..2 {
            for number in 0..12 {
                let stranger = sign_in(world, &format!("mallory{number}"), &json!({"jti": minute}));
                let answer = stranger.post("/v1/organizations", json!({"name": "m"})).await;
                assert!([201, 403].contains(&answer.status), "{}", answer.status);
            }
            fail(Effect::Throttle, 5).await;
            world.stack.pass_time(60).unwrap();
        }
        fail(Effect::Unprocessed { count: 100 }, 1).await;
        let points = datapoints(&world.stack);
        let failures = values(&points, "Failures", &[("function", "authorize-request")]).len();
        assert_eq!(failures, 2 * 5 + 1, "the dashboard shows each throttled decision");
        let busy = values(&points, "Refusals", &[("reason", "issuer_busy")]).len();
        assert!(busy >= 2 * 2, "{busy} of 24 strangers were refused");
        assert!(!alarm.is_on(&points, latest(&points)));
        assert_eq!(values(&points, "AuthorizerFailures", &[]).len(), 0);
    });
}

#[test]
fn many_changes_of_one_role_are_refused_and_no_failure() {
    run_with(Options::default(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let conflict = Fault::on(Service::DynamoDb, Effect::TransactionConflict { position: 0 });
        world.stack.faults().add(conflict.operation("TransactWriteItems").function("manage-roles"));
        let role = format!("{}/roles/reader", organization.path);
        let answer = organization.owner.put(&role, json!({"permissions": ["a"]})).await;
        assert_eq!(answer.header("retry-after"), "1");
        answer.expect_problem(429, "too_many_requests");
        world.stack.faults().clear();
        assert_eq!((world.items_of("ROLE#").len(), world.audit("role.created").len()), (0, 0));

        let points = datapoints(&world.stack);
        assert_eq!(values(&points, "Failures", &[]).len(), 0);
        let lines = lines(&world.stack).into_iter().filter(|(function, _)| function == "manage-roles");
        let lines: Vec<Value> = lines.map(|(_, line)| serde_json::from_str(&line).unwrap()).collect();
        let [line] = lines
            .iter()
            .filter(|line| line["level"] != "INFO" || line["code"].is_string())
            .collect::<Vec<_>>()[..]
        else {
            panic!("{lines:?}")
        };
        assert_eq!((&line["level"], &line["code"]), (&json!("INFO"), &json!("too_many_requests")));
    });
}

#[test]
fn a_transaction_that_does_not_end_is_a_failure_and_no_lost_race() {
    run_with(Options::default(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let at_work = Effect::Error { status: 400, code: "TransactionInProgressException".to_owned() };
        let at_work = Fault::on(Service::DynamoDb, at_work).operation("TransactWriteItems");
        world.stack.faults().add(at_work.function("manage-roles"));
        let role = format!("{}/roles/reader", organization.path);
        let answer = organization.owner.put(&role, json!({"permissions": ["a"]})).await;
        answer.expect_problem(503, "unavailable");
        world.stack.faults().clear();
        assert_eq!(values(&datapoints(&world.stack), "Failures", &[("function", "manage-roles")]).len(), 1);
    });
}

#[test]
fn three_runs_of_notices_that_fail_are_an_alarm() {
    run_with(timed(), async |world| {
        let alarm = alarm("NoticesFailAlarm");
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let is_on = |after: i64| {
            let points = datapoints(&world.stack);
            alarm.is_on(&points, latest(&points) + after)
        };
        begin_a_minute(world);
        // The first fails for one recipient, the second as a whole.
        let of_ses = Fault::on(Service::Ses, Effect::RejectMessage).recipient("alice@example.com");
        world.stack.faults().add(of_ses);
        assert_eq!(world.notify().await["failed"], 1);
        assert!(!is_on(0));
        world.stack.pass_time(300).unwrap();
        world.stack.faults().clear();
        let of_table = || Fault::on(Service::DynamoDb, Effect::ServerError).function("notify-expiring-keys");
        world.stack.faults().add(of_table());
        world.try_notify().await.unwrap_err();
        assert!(!is_on(0));
        world.stack.pass_time(300).unwrap();
        world.try_notify().await.unwrap_err();
        assert!(is_on(0));
        world.stack.faults().clear();
        world.stack.pass_time(300).unwrap();
        world.notify().await;
        assert!(!is_on(0), "the first one is more than 15 minutes ago");
    });
}

#[test]
fn an_hour_in_which_each_run_leaves_something_over_is_an_alarm() {
    run_with(timed(), async |world| {
        let alarm = alarm("NoticesBehindAlarm");
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let is_on = || {
            let points = datapoints(&world.stack);
            alarm.is_on(&points, latest(&points))
        };
        world.stack.set_quota(Quota { max_24_hour_send: 0.0, ..Quota::default() });
        assert_eq!(world.notify().await["left_over"], 1);
        assert_eq!(world.notify().await["left_over"], 1);
        assert!(is_on());
        world.stack.set_quota(Quota::default());
        assert_eq!(world.notify().await["left_over"], 0);
        assert!(!is_on(), "one run of the hour came to its end");
    });
}

#[test]
fn all_alarms_go_to_the_topic_that_a_parameter_names_and_nowhere_else() {
    let topic = "arn:aws:sns:us-east-1:000000000000:alarms";
    let alarms = resources_with("AWS::CloudWatch::Alarm", &[("AlarmTopicArn", topic)]);
    assert!(alarms.len() > 9);
    for (name, alarm) in &alarms {
        assert_eq!(alarm["AlarmActions"], json!([topic]), "{name}");
        assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.len() > 20), "{name}");
    }
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        assert!(alarm.get("AlarmActions").is_none_or(Value::is_null), "{name}");
    }
    let rules = |parameters: &[(&str, &str)]| resources_with("AWS::Events::Rule", parameters);
    let rule = &rules(&[("AlarmTopicArn", topic)])["PepperTouchedRule"];
    assert_eq!(rule["Targets"][0]["Arn"], topic);
    assert!(rules(&[])["PepperTouchedRule"].get("Targets").is_none_or(Value::is_null));
}

//! Instances as real processes that do as their events say.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use crate::{
    Effect, Fault, Freeze, FreezeError, Instances, Options, Service, Stack, When, binaries::Binaries,
    stack::Functions,
};

const TEMPLATE: &str = include_str!("../template/fixture.yaml");
const SLOW: &str = "authorize-request";
const QUICK: &str = "describe-caller";

async fn start(options: Options) -> Stack {
    let test = std::env::current_exe().unwrap();
    let instance = test.ancestors().nth(2).unwrap().join("examples/instance");
    assert!(instance.is_file(), "run `cargo test`, which builds the example");
    let binaries = [SLOW, QUICK].map(|function| (function.to_owned(), instance.clone()));
    let options = Options { memory: true, ..options };
    Stack::assemble(options, Path::new("."), TEMPLATE, Functions::Given(Binaries::from(binaries)))
        .await
        .unwrap()
}

async fn invoke(stack: &Stack, function: &str, event: Value) -> Value {
    stack.invoke(function, &event).await.unwrap()
}

#[tokio::test]
async fn an_instance_gets_its_environment_and_its_own_identity() {
    let stack = start(Options::default()).await;
    let response = invoke(&stack, SLOW, json!({})).await;
    assert_eq!(response["instance"], "LOCAL.authorize-request.1");
    assert_eq!((&response["table"], &response["memory"]), (&json!("access-keys"), &json!("256")));
    assert_eq!(response["arn"], "arn:aws:lambda:local:000000000000:function:authorize-request");
    assert_eq!(invoke(&stack, SLOW, json!({})).await["instance"], "LOCAL.authorize-request.1");
}

#[tokio::test]
async fn events_at_once_get_instances_of_their_own_and_go_round_them() {
    let stack = start(Options { instance_cap: 3, ..Options::default() }).await;
    stack.warm_up(SLOW, 3).await.unwrap();
    assert_eq!(stack.instances(SLOW), Instances { starting: 0, idle: 3, busy: 0 });
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(invoke(&stack, SLOW, json!({})).await["instance"].to_string());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3);
    let event = json!({});
    let at_once = tokio::join!(
        stack.invoke(SLOW, &event),
        stack.invoke(SLOW, &event),
        stack.invoke(SLOW, &event),
        stack.invoke(SLOW, &event),
        stack.invoke(SLOW, &event),
    );
    assert!([at_once.0, at_once.1, at_once.2, at_once.3, at_once.4].iter().all(Result::is_ok));
    assert_eq!(stack.instances(SLOW).idle + stack.instances(SLOW).busy, 3);
}

#[tokio::test]
async fn failures_are_function_errors_and_the_next_event_gets_a_new_instance() {
    let stack = start(Options::default()).await;
    let crashed = stack.invoke(SLOW, &json!({ "do": "exit" })).await.unwrap_err();
    assert_eq!(crashed.error_type, "Runtime.ExitError");
    let failed = stack.invoke(SLOW, &json!({ "do": "fail" })).await.unwrap_err();
    assert_eq!(failed.error_message, "refused");
    assert_eq!(invoke(&stack, SLOW, json!({})).await["instance"], "LOCAL.authorize-request.2");
    let late = stack.invoke(QUICK, &json!({ "do": "sleep" })).await.unwrap_err();
    assert_eq!(late.error_type, "Sandbox.Timedout");
    assert_eq!(stack.instances(QUICK), Instances::default());
    let unknown = stack.invoke("nothing", &json!({})).await.unwrap_err();
    assert_eq!(unknown.error_type, "ResourceNotFoundException");
}

#[tokio::test]
async fn events_wait_at_the_cap() {
    let stack = start(Options { instance_cap: 1, ..Options::default() }).await;
    let nap = json!({ "do": "nap" });
    let (first, second) = tokio::join!(stack.invoke(SLOW, &nap), stack.invoke(SLOW, &nap));
    assert_eq!(first.unwrap()["instance"], "LOCAL.authorize-request.1");
    assert_eq!(second.unwrap()["instance"], "LOCAL.authorize-request.1");
}

#[tokio::test]
async fn a_function_that_cannot_start_fails_its_events() {
    let environment = BTreeMap::from([("MODE".to_owned(), "broken".to_owned())]);
    let stack = start(Options { environment, ..Options::default() }).await;
    let failed = stack.invoke(SLOW, &json!({})).await.unwrap_err();
    assert_eq!(failed.error_type, "Runtime.ExitError");
    assert!(stack.warm_up(SLOW, 2).await.is_err());
}

#[tokio::test]
async fn lines_are_there_with_the_response_and_whole_once_the_stack_has_stopped() {
    let stack = start(Options::default()).await;
    for _ in 0..50 {
        invoke(&stack, SLOW, json!({ "do": "print" })).await;
        assert_eq!(stack.logs().by_function(SLOW), ["a line of output"]);
        stack.logs().clear();
    }
    invoke(&stack, SLOW, json!({ "do": "print" })).await;
    let logs = stack.stop().await;
    assert_eq!(logs.by_function(SLOW), ["a line of output"]);
    assert!(logs.by_function(QUICK).is_empty());
}

#[tokio::test]
async fn calls_are_attributed_and_faults_strike_them() {
    let stack = start(Options::default()).await;
    let call = |times: u64| json!({ "do": "call", "times": times });
    let on = |effect: Effect| Fault::on(Service::DynamoDb, effect).operation("ListTables").function(SLOW);
    stack.faults().add(on(Effect::Throttle).when(When::Nth(1)));
    stack.faults().add(on(Effect::LoseRequest).when(When::Nth(2)));
    stack.faults().add(on(Effect::LoseReply).when(When::Nth(3)));
    assert_eq!(invoke(&stack, SLOW, call(4)).await["calls"], json!(["400", "lost", "lost", "200"]));
    assert_eq!(stack.faults().struck(), 3);
    let statuses: Vec<_> = stack
        .calls()
        .by_function(SLOW)
        .iter()
        .map(|call| call.status.map(|status| status.as_u16()))
        .collect();
    assert_eq!(statuses, [Some(400), None, None, Some(200)]);
    assert_eq!(stack.calls().all()[0].instance, Some(1));
    stack.faults().clear();
    stack.calls().clear();
    assert_eq!(invoke(&stack, QUICK, call(1)).await["calls"], json!(["200"]));
    assert_eq!(stack.calls().count("ListTables"), 1);
}

#[tokio::test]
async fn an_instance_can_be_killed_at_its_nth_call() {
    let stack = start(Options::default()).await;
    stack.faults().add(Fault::anywhere(Effect::KillBefore).function(SLOW).when(When::NthOfInstance(2)));
    let killed = stack.invoke(SLOW, &json!({ "do": "call", "times": 3 })).await.unwrap_err();
    assert_eq!(killed.error_type, "Runtime.ExitError");
    assert_eq!(stack.calls().count("ListTables"), 2);
    stack.faults().clear();
    stack.faults().add(Fault::anywhere(Effect::KillAfter).when(When::Nth(1)));
    assert!(stack.invoke(SLOW, &json!({ "do": "call", "times": 3 })).await.is_err());
    assert_eq!(stack.calls().count("ListTables"), 3);
    assert_eq!(stack.calls().all().last().and_then(|call| call.status), None);
    assert_eq!(stack.instances(SLOW), Instances::default());
}

#[tokio::test]
async fn the_clocks_of_a_frozen_instance_stand_still_while_time_passes() {
    let stack = start(Options { instance_clocks: true, ..Options::default() }).await;
    let clocks = async |function: &str| {
        let told = invoke(&stack, function, json!({ "do": "clocks" })).await;
        ["real", "process", "left"].map(|clock| told[clock].as_i64().unwrap())
    };
    let [began, _, whole] = clocks(SLOW).await;
    clocks(QUICK).await;
    let now = stack.clock().now();

    stack.freeze(&Freeze::function(SLOW, 1_000)).unwrap();
    let [real, process, left] = clocks(SLOW).await;
    assert!((real - began < 900) && process < 900 && (left - whole).abs() <= 1, "{real} {process} {left}");
    let [real, process, left] = clocks(QUICK).await;
    assert!((real - began >= 1_000) && process >= 1_000 && left <= 1, "{real} {process} {left}");
    assert!(stack.clock().now().duration_since(now).as_secs() >= 1_000);

    stack.freeze(&Freeze::function(SLOW, 1_000).instance(2)).unwrap();
    assert!(clocks(SLOW).await[1] >= 1_000);
    stack.pass_time(1_000).unwrap();
    assert!(clocks(SLOW).await[1] >= 2_000);
    stack.stop().await;
}

#[tokio::test]
async fn an_instance_that_starts_later_has_the_time_that_passed_meanwhile() {
    let stack = start(Options { instance_clocks: true, ..Options::default() }).await;
    let now = stack.clock().now().as_second();
    stack.freeze(&Freeze::function(QUICK, 1_000)).unwrap();
    let told = invoke(&stack, QUICK, json!({ "do": "clocks" })).await;
    assert!(told["real"].as_i64().unwrap() >= now + 1_000, "{told}");
    let unknown = stack.freeze(&Freeze::function("nothing", 1));
    assert_eq!(unknown, Err(FreezeError::NoSuchFunction));
    let without = start(Options::default()).await;
    assert_eq!(without.pass_time(1), Err(FreezeError::NoClocks));
}

#[tokio::test]
async fn the_next_request_of_an_idle_connection_meets_a_closed_one() {
    let stack = start(Options::default()).await;
    let call = json!({ "do": "call", "times": 2 });
    assert_eq!(invoke(&stack, SLOW, call.clone()).await["calls"], json!(["200", "200"]));
    stack.close_idle_connections();
    assert_eq!(invoke(&stack, SLOW, call.clone()).await["calls"], json!(["lost", "200"]));
    assert_eq!(stack.requests_on_closed_connections(), 1);
    assert_eq!(stack.calls().count("ListTables"), 3);
    assert_eq!(invoke(&stack, SLOW, call).await["calls"], json!(["200", "200"]));
}

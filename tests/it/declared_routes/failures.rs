//! `CloudFormation` is answered, whatever fails.

use kit::{Effect, Fault, Options, Service, When, run, run_with};
use serde_json::json;

use super::{API, Deployment, FUNCTION, in_force, properties, send};

#[test]
fn a_failure_is_answered_and_changes_nothing() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let closed = properties(API, "deny", &json!({}));
        for (service, operation, told) in [
            (Service::DynamoDb, "GetItem", "could not be stored"),
            (Service::DynamoDb, "PutItem", "could not be stored"),
            (Service::CloudFormation, "DescribeStackResource", "could not be asked"),
            (Service::CloudFormation, "ListStackResources", "could not be asked"),
        ] {
            world.stack.faults().add(Fault::on(service, Effect::ServerError).operation(operation));
            let refused = orders.create(operation, "Routes", &closed).await.failed();
            assert!(refused.contains(told), "{operation}: {refused}");
            world.stack.faults().clear();
            assert_eq!(in_force(world, API), None, "{operation}");
        }
        let id = orders.create("1", "Routes", &closed).await.succeeded();
        world.stack.faults().add(Fault::on(Service::DynamoDb, Effect::ServerError).operation("DeleteItem"));
        orders.delete("2", "Routes", &id, &closed).await.failed();
        world.stack.faults().clear();
        assert!(in_force(world, API).is_some());
    });
}

#[test]
fn what_passes_is_tried_again() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let closed = properties(API, "deny", &json!({}));
        let once = |service, effect| Fault::on(service, effect).when(When::Nth(1));
        let faults = world.stack.faults();
        faults.add(once(Service::CloudFormation, Effect::Throttle).operation("DescribeStackResource"));
        faults.add(once(Service::CloudFormation, Effect::LoseReply).operation("ListStackResources"));
        faults.add(once(Service::DynamoDb, Effect::LoseReply).operation("PutItem"));
        faults.add(once(Service::S3, Effect::ServerError));
        orders.create("1", "Routes", &closed).await.succeeded();
        assert_eq!(faults.struck(), 4);
        assert!(in_force(world, API).is_some());
        let answers = world.stack.cloudformation().answers("1");
        assert_eq!(answers.len(), 1, "{answers:?}");
    });
}

#[test]
fn an_answer_that_does_not_arrive_is_sent_again_by_the_repeat_of_the_event() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        orders.set_routes("Routes", None, "CREATE_IN_PROGRESS");
        let event = orders.event("Create", "1", "Routes", None, &properties(API, "deny", &json!({})));
        world.stack.faults().add(Fault::on(Service::S3, Effect::ServerError));
        let failed = world.stack.invoke(FUNCTION, &event).await.unwrap_err();
        assert_eq!(failed.error_type, "Failure");
        let stored = world.item(&format!("ROUTES#{API}"), "ROUTES");
        assert!(stored.is_some());
        world.stack.faults().clear();
        send(world, &event).await.succeeded();
        assert_eq!(world.item(&format!("ROUTES#{API}"), "ROUTES"), stored);
    });
}

#[test]
fn an_answer_goes_out_before_the_functions_time_is_over() {
    let template = include_str!("../../../template.yaml");
    let (before, after) = template.split_once("      CodeUri: functions/declare-routes\n").unwrap();
    let template = format!("{before}      CodeUri: functions/declare-routes\n      Timeout: 12\n{after}");
    run_with(Options { template: Some(template), ..Options::default() }, async |world| {
        let orders = Deployment::new(world, "orders", API);
        let late = Fault::on(Service::DynamoDb, Effect::Latency { milliseconds: 60_000 });
        world.stack.faults().add(late.function(FUNCTION).operation("GetItem"));
        let refused = orders.create("1", "Routes", &properties(API, "deny", &json!({}))).await.failed();
        assert_eq!(refused, "it took too long; deploy again");
    });
}

#[test]
fn nothing_is_sent_to_a_foreign_url_and_nothing_is_done_for_it() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        orders.set_routes("Routes", None, "CREATE_IN_PROGRESS");
        let closed = properties(API, "deny", &json!({}));
        let mut event = orders.event("Create", "1", "Routes", None, &closed);
        for url in [
            "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x",
            "http://127.0.0.1:1/x",
            "",
        ] {
            event["ResponseURL"] = json!(url);
            let answer = world.stack.invoke(FUNCTION, &event).await.unwrap();
            assert_eq!(answer["Status"], "FAILED");
            assert!(world.stack.cloudformation().answers("1").is_empty());
            assert_eq!(in_force(world, API), None);
        }
        let errors = world.stack.logs().by_function(FUNCTION);
        assert!(errors.iter().any(|line| line.contains("could not answer an event")));
    });
}

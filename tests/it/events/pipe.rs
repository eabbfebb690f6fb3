//! The pipe itself: delivery, the queue, its role and its switch.

use kit::{Effect, Fault, Options, Service, When, World, run, run_with};
use serde_json::{Value, json};

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap()
}

/// Options with parameters, and with a text of the template replaced.
pub(super) fn with(parameters: &[(&str, &str)], (from, to): (&str, &str)) -> Options {
    let template = template();
    assert!(template.contains(from), "{from}");
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options {
        template: Some(template.replace(from, to)),
        parameters: parameters.collect(),
        ..Options::default()
    }
}

async fn local_events(world: &World) -> Value {
    world.anonymous().get("/_local/events").await.body
}

#[test]
fn the_local_stack_lists_the_events_and_forgets_them_on_request() {
    run(async |world| {
        assert_eq!(local_events(world).await, json!([]));
        world.organization("alice", "strict").await;
        let events = local_events(world).await;
        assert_eq!(events[0]["detail-type"], "organization.created");
        assert_eq!(events.as_array().unwrap().len(), world.lifecycle_events().await.unwrap().len());
    });
    // An event that was forgotten comes no second time.
    run_with(with(&[], ("", "")), async |world| {
        world.organization("alice", "strict").await;
        assert_eq!(world.anonymous().delete("/_local/events").await.status, 204);
        assert_eq!(local_events(world).await, json!([]));
        world.organization("bob", "strict").await;
        assert_eq!(local_events(world).await[0]["detail-type"], "organization.created");
    });
}

#[test]
fn an_event_whose_reply_is_lost_comes_twice_and_a_refused_one_comes_later() {
    run(async |world| {
        world.stack.faults().add(Fault::on(Service::EventBridge, Effect::LoseReply).when(When::Nth(1)));
        world.stack.faults().add(Fault::on(Service::EventBridge, Effect::Throttle).when(When::Nth(3)));
        world.organization("alice", "strict").await;
        let events = world.lifecycle_events().await.unwrap();
        assert_eq!(world.stack.faults().struck(), 2);
        assert_eq!(events[0]["detail"], events[1]["detail"]);
        assert_ne!(events[0]["id"], events[1]["id"]);
    });
}

#[test]
fn an_event_that_the_bus_does_not_take_waits_in_the_queue_with_its_place_in_the_stream() {
    run_with(with(&[], ("", "")), async |world| {
        world.stack.faults().add(Fault::on(Service::EventBridge, Effect::ServerError).when(When::First(3)));
        world.organization("alice", "strict").await;
        let waiting = world.stack.undelivered_events().await.unwrap();
        let [message] = waiting.as_slice() else { panic!("{waiting:?}") };
        assert!(message["sequence_number"].as_str().unwrap().len() > 20);
        let arrived = world.lifecycle_events().await.unwrap().len();
        let audited = world.items().iter().filter(|item| item.contains_key("audit_id")).count();
        assert_eq!((arrived, audited > 1), (audited - 1, true));
    });
}

#[test]
fn the_pipe_needs_each_grant_of_its_role() {
    for (grant, other) in [
        ("dynamodb:GetRecords", "dynamodb:DescribeTable"),
        ("dynamodb:DescribeStream", "dynamodb:DescribeTable"),
        ("dynamodb:GetShardIterator", "dynamodb:DescribeTable"),
        (
            "Action: events:PutEvents\n                Resource: !GetAtt EventBus.Arn",
            "Action: events:PutEvents\n                Resource: !GetAtt UndeliveredEvents.Arn",
        ),
    ] {
        run_with(with(&[], (grant, other)), async |world| {
            world.organization("alice", "strict").await;
            match world.stack.events().await {
                Err(error) => assert!(error.to_string().contains(grant), "{error}"),
                Ok(events) => assert_eq!((events.len(), grant.contains("PutEvents")), (0, true)),
            }
        });
    }
    let without = (
        "Action: sqs:SendMessage\n                Resource: !GetAtt UndeliveredEvents.Arn\n\n",
        "Action: sqs:DeleteMessage\n                Resource: !GetAtt UndeliveredEvents.Arn\n\n",
    );
    run_with(with(&[], without), async |world| {
        world.stack.faults().add(Fault::on(Service::EventBridge, Effect::ServerError));
        world.organization("alice", "strict").await;
        let error = world.stack.events().await.unwrap_err().to_string();
        assert!(error.contains("sqs:SendMessage"), "{error}");
    });
}

#[test]
fn events_can_be_switched_off_and_a_given_table_has_them_with_its_stream_alone() {
    let stream = "arn:aws:dynamodb:us-east-1:000000000000:table/restored/stream/2026-11-29T00:00:00.000";
    for (parameters, has_events) in [
        (vec![("LifecycleEvents", "false")], false),
        (vec![("TableName", "restored")], false),
        (vec![("TableName", "restored"), ("TableStreamArn", stream)], true),
        (vec![("TableName", "restored"), ("TableStreamArn", stream), ("LifecycleEvents", "false")], false),
    ] {
        run_with(with(&parameters, ("", "")), async |world| {
            world.organization("alice", "strict").await;
            let events = local_events(world).await;
            assert_eq!(events.as_array().unwrap().is_empty(), !has_events, "{parameters:?}");
        });
    }
}

//! `infra/replay --publish`: the audit events of the table are put on the bus again.

use kit::{Effect, Fault, Replayed, Service, When, World, key_of, run, run_with};
use serde_json::{Value, json};

use super::{audit_ids, event_ids, pipe::with};

async fn publish(world: &World, since: &str, arguments: &[&str]) -> Replayed {
    let own = ["--publish", "--stack", "local", "--table", "access-keys", "--since", since];
    world.run_replay(&[&own, arguments].concat()).await
}

async fn events(world: &World) -> Vec<Value> {
    world.lifecycle_events().await.unwrap()
}

/// Returns the parts of events by which consumers tell them apart, in order.
fn details(events: &[Value]) -> Vec<String> {
    let mut details: Vec<_> = events
        .iter()
        .map(|event| {
            format!("{} {} {} {}", event["source"], event["detail-type"], event["detail"], event["resources"])
        })
        .collect();
    details.sort();
    details
}

#[test]
fn events_that_are_sent_again_are_those_that_the_pipe_makes() {
    run(async |world| {
        let copy = world.copy_table();
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        organization.owner.delete(&organization.key_path(&key)).await.expect(204);
        let bob = world.organization("bob", "flexible").await;
        let machine = bob.machine("deployer").await;
        for _ in 0..2 {
            bob.key(&machine, 90).await;
        }
        let of_pipe = events(world).await;
        assert!(of_pipe.len() > 8 && of_pipe.len() == event_ids(&of_pipe).len(), "{}", of_pipe.len());

        let planned = publish(world, copy.since(), &["--dry-run"]).await;
        assert!(planned.code == 0 && planned.summary.contains("0 sent"), "{planned:?}");
        assert_eq!(events(world).await.len(), of_pipe.len());

        assert_eq!(world.anonymous().delete("/_local/events").await.status, 204);
        let published = publish(world, copy.since(), &[]).await;
        assert_eq!((published.code, published.error.as_str()), (0, ""), "{published:?}");
        let expected = format!("read {0} events: {0} sent, 0 unresolved", of_pipe.len());
        assert_eq!(published.summary, expected);
        assert_eq!(details(&events(world).await), details(&of_pipe));
    });
}

#[test]
fn events_that_the_pipe_lost_arrive_and_a_run_that_was_cut_off_is_run_again() {
    run_with(with(&[], ("", "")), async |world| {
        let copy = world.copy_table();
        world.stack.faults().add(Fault::on(Service::EventBridge, Effect::ServerError));
        let organization = world.organization("alice", "strict").await;
        for name in ["one", "two"] {
            let machine = organization.machine(name).await;
            for _ in 0..2 {
                let key = organization.key(&machine, 90).await;
                organization.owner.delete(&organization.key_path(&key)).await.expect(204);
            }
        }
        assert_eq!(events(world).await, [json!(null); 0]);
        world.stack.faults().clear();

        let fault = Fault::on(Service::EventBridge, Effect::Throttle).when(When::Nth(2));
        world.stack.faults().add(fault);
        let cut_off = publish(world, copy.since(), &[]).await;
        assert!(cut_off.code == 1 && cut_off.error.contains("run it again"), "{cut_off:?}");
        assert!(cut_off.summary.contains(": 10 sent"), "{cut_off:?}");
        assert_eq!(events(world).await.len(), 10);
        let again = publish(world, copy.since(), &[]).await;
        assert_eq!(again.code, 0, "{again:?}");
        let arrived = events(world).await;
        assert_eq!(event_ids(&arrived), audit_ids(world));
        assert_eq!(arrived.len(), 10 + event_ids(&arrived).len());
    });
}

#[test]
fn an_audit_event_that_cannot_be_used_is_listed_and_the_others_are_sent() {
    run_with(with(&[], ("", "")), async |world| {
        let copy = world.copy_table();
        let organization = world.organization("alice", "strict").await;
        organization.machine("deployer").await;
        let created = &world.audit("user.created")[0];
        let id = created["audit_id"].as_str().unwrap();
        world.set(key_of(created), "effect", &json!({"N": "1"}));
        assert_eq!(world.anonymous().delete("/_local/events").await.status, 204);
        let published = publish(world, copy.since(), &[]).await;
        assert_eq!((published.code, published.ids("unresolved")), (2, vec![id]), "{published:?}");
        let mut expected = audit_ids(world);
        assert!(expected.remove(&json!(id).to_string()));
        assert_eq!(event_ids(&events(world).await), expected);
        // Whatever a test leaves in the table is checked.
        world.set(key_of(created), "effect", &json!({"S": "other"}));
    });
}

#[test]
fn the_events_of_a_table_go_to_the_bus_of_its_own_stack_alone() {
    run_with(with(&[], ("", "")), async |world| {
        let copy = world.copy_table();
        world.organization("alice", "strict").await;
        let before = events(world).await.len();
        for (stack, table, why) in [
            ("local", "access-keys-other", r#"uses the table "access-keys", not "access-keys-other""#),
            ("staging", "access-keys", "the stack staging: "),
        ] {
            let since = copy.since();
            let arguments = ["--publish", "--stack", stack, "--table", table, "--since", since];
            let refused = world.run_replay(&arguments).await;
            assert!(refused.code == 1 && refused.error.contains(why), "{refused:?}");
            assert!(refused.error.contains("nothing was sent"), "{refused:?}");
        }
        assert_eq!(events(world).await.len(), before);
    });
}

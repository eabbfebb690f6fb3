//! Runs of the notice function that die.

use kit::{DAY, Effect, Fault, Service, When, World, run};
use serde_json::json;

use super::outbox::put_waiting;

/// Makes a key that is due, and a run that dies when SES has accepted its mail.
async fn die_between_sending_and_marking(world: &World) {
    let organization = world.organization("alice", "strict").await;
    organization.machine_key().await;
    world.travel(60 * DAY + 60);
    let fault = Fault::on(Service::Ses, Effect::KillAfter).operation("SendRawEmail");
    world.stack.faults().add(fault.when(When::First(1)));
    assert!(world.try_notify().await.is_err());
    assert_eq!(world.stack.emails().len(), 1);
    world.stack.faults().clear();
}

#[test]
fn a_run_that_dies_between_sending_and_marking_mails_again_at_most_once() {
    run(async |world| {
        die_between_sending_and_marking(world).await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1, "the lease has not ended");
        for hours in 1..5 {
            world.end_leases();
            world.travel(60 * DAY + hours * 3_600);
            world.notify().await;
        }
        assert_eq!(world.stack.emails().len(), 2);
    });
}

#[test]
fn a_mail_that_may_not_have_gone_out_is_sent_when_the_lease_ends() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
        world.stack.faults().clear();
        world.end_leases();
        world.travel(60 * DAY + 3_600);
        world.notify().await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
    });
}

#[test]
fn a_lost_reply_of_ses_keeps_the_claim_until_the_lease_ends() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::Ses, Effect::LoseReply).operation("SendRawEmail");
        world.stack.faults().add(fault.when(When::First(1)));
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(0), &json!(1)), "{summary}");
        world.travel(60 * DAY + 3_600);
        assert_eq!(world.notify().await["sent"], 0);
        assert_eq!(world.stack.emails().len(), 1);
        world.end_leases();
        assert_eq!(world.notify().await["sent"], 1);
        assert_eq!(world.stack.emails().len(), 2);
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn a_run_that_dies_anywhere_loses_no_notice_and_doubles_at_most_one() {
    let mut calls = 0;
    run(async |world| {
        one_key_is_due(world).await;
        world.stack.calls().clear();
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        calls = world.stack.calls().by_function("notify-expiring-keys").len();
    });
    assert!(calls > 5, "{calls}");
    for call in 1..=calls {
        for effect in [Effect::KillBefore, Effect::KillAfter] {
            run(async |world| {
                one_key_is_due(world).await;
                let fault = Fault::anywhere(effect.clone()).function("notify-expiring-keys");
                world.stack.faults().add(fault.when(When::Nth(call.try_into().unwrap())));
                let died = world.try_notify().await.is_err();
                assert_eq!(world.stack.faults().struck(), 1, "{effect:?} at call {call}");
                assert!(died, "{effect:?} at call {call}");
                world.stack.faults().clear();
                for hours in 1..3 {
                    world.end_leases();
                    world.travel(60 * DAY + hours * 3_600);
                    world.notify().await;
                }
                for told in ["expires in 30 days", "Something happened"] {
                    let mails = world.stack.emails();
                    let mails = mails.iter().filter(|mail| mail.text.contains(told)).count();
                    assert!(mails == 1 || mails == 2, "{effect:?} at call {call}: {told}, {mails}");
                }
                assert!(world.stack.emails().len() <= 2, "{effect:?} at call {call}");
                assert_eq!(world.items_of("INBOX#").len(), 1, "{effect:?} at call {call}");
                assert!(world.items_of("OUTBOX#").is_empty(), "{effect:?} at call {call}");
            });
        }
    }
}

/// Lets a machine's key be due and a message wait for its owner, and an instance be ready to tell both.
async fn one_key_is_due(world: &World) {
    let organization = world.organization("alice", "strict").await;
    organization.machine_key().await;
    let owner = world.items_of("USER").into_iter().find(|user| user["kind"] == "owner").unwrap();
    put_waiting(world, &organization, owner["user_id"].as_str().unwrap(), 1);
    world.travel(60 * DAY + 60);
    world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
}

#[test]
fn overlapping_runs_send_each_notice_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for _ in 0..5 {
            organization.machine_key().await;
        }
        world.travel(60 * DAY + 60);
        let runs = futures_util::future::join_all((0..3).map(|_| world.try_notify())).await;
        assert!(runs.iter().all(Result::is_ok));
        let told: usize = world.stack.emails().iter().map(|mail| mail.text.matches("ak_").count()).sum();
        assert_eq!(told, 5);
    });
}

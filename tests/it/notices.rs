use kit::{DAY, Effect, Fault, Service, When, run};
use serde_json::json;

#[test]
fn the_owner_is_mailed_once_when_a_machines_key_is_about_to_expire() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
        world.travel(60 * DAY + 60);
        world.notify().await;
        let mails = world.stack.emails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0].to, ["alice@example.com"]);
        for part in [&mails[0].text, &mails[0].html] {
            let key_id = key["key_id"].as_str().unwrap();
            assert!(part.contains(key_id) && part.contains("machine"), "{part}");
        }
        world.notify().await;
        world.travel(61 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        world.travel(83 * DAY + 60);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 2);
    });
}

#[test]
fn a_run_that_dies_between_sending_and_marking_mails_again_at_most_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::Ses, Effect::KillAfter).operation("SendRawEmail");
        world.stack.faults().add(fault.when(When::First(1)));
        assert!(world.try_notify().await.is_err());
        assert_eq!(world.stack.emails().len(), 1);
        world.stack.faults().clear();
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
fn keys_that_were_revoked_are_not_announced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        organization
            .owner
            .post(&format!("{}/revoke", organization.key_path(&key)), json!(null))
            .await
            .expect(200);
        world.travel(60 * DAY + 60);
        world.notify().await;
        world.travel(91 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
    });
}

#[test]
fn a_run_that_dies_anywhere_loses_no_notice_and_doubles_at_most_one() {
    for call in 1..=9 {
        for effect in [Effect::KillBefore, Effect::KillAfter] {
            run(async |world| {
                let organization = world.organization("alice", "strict").await;
                organization.machine_key().await;
                world.travel(60 * DAY + 60);
                world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
                let fault = Fault::anywhere(effect.clone()).function("notify-expiring-keys");
                world.stack.faults().add(fault.when(When::Nth(call)));
                let died = world.try_notify().await.is_err();
                world.stack.faults().clear();
                for hours in 1..3 {
                    world.end_leases();
                    world.travel(60 * DAY + hours * 3_600);
                    world.notify().await;
                }
                let mails = world.stack.emails().len();
                assert!(mails == 1 || mails == 2 && died, "{effect:?} at call {call}: {mails}");
            });
        }
    }
}

#[test]
fn overlapping_runs_tell_each_notice_once() {
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

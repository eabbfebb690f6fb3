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
        for hours in 1..5 {
            world.travel(60 * DAY + hours * 3_600);
            world.notify().await;
        }
        let mails = world.stack.emails().len();
        assert!((1..=2).contains(&mails), "{mails}");
    });
}

#[test]
fn a_mail_that_ses_refuses_for_now_goes_out_later() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
        world.stack.faults().clear();
        world.travel(60 * DAY + 3_600);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
    });
}

#[test]
fn keys_that_were_revoked_are_not_announced() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        organization.owner.post(&format!("{}/revoke", organization.key_path(&key)), json!(null)).await.expect(200);
        world.travel(60 * DAY + 60);
        world.notify().await;
        world.travel(91 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 0);
    });
}

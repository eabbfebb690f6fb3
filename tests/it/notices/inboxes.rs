//! Notices in the inbox.

use kit::{DAY, Effect, Fault, Service, When, World, run};
use local::Quota;
use serde_json::json;

#[test]
fn an_expiry_is_announced_in_the_inbox_too() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = format!("{}/inbox", organization.user_path("me"));
        for (days, event, title, unread) in [
            (83, "key_expiring", "Access key \"key\" expires in 7 days", 1),
            (90, "key_expired", "Access key \"key\" has expired", 2),
        ] {
            world.travel(days * DAY + 60);
            world.notify().await;
            world.notify().await;
            let page = world.person("alice").get(&path).await.expect(200);
            assert_eq!(page["unread"], unread, "{page}");
            let newest = &page["items"][0];
            assert_eq!((&newest["event"], &newest["title"]), (&json!(event), &json!(title)));
            assert_eq!((&newest["key_id"], &newest["state"]), (&key["key_id"], &json!("unread")));
            let text = newest["text"].as_str().unwrap();
            for named in [key["masked_key"].as_str().unwrap(), "machine", "alice's"] {
                assert!(text.contains(named), "{named}: {text}");
            }
        }
    });
}

#[test]
fn an_inbox_gets_its_message_though_ses_fails_and_a_mail_is_sent_though_the_inbox_fails() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError));
        let summary = world.notify().await;
        assert_eq!((&summary["failed"], &summary["left_over"]), (&json!(1), &json!(1)), "{summary}");
        assert_eq!((world.items_of("INBOX#").len(), world.stack.emails().len()), (1, 0));
        world.stack.faults().clear();
        assert_eq!(world.notify().await["sent"], 1);

        world.travel(83 * DAY + 60);
        world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
        // All of the client's attempts at the second transaction, which is the inbox's: the first is the event's.
        for call in 2..=5 {
            let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("TransactWriteItems");
            world.stack.faults().add(fault.when(When::Nth(call)));
        }
        let summary = world.notify().await;
        assert_eq!((&summary["failed"], &summary["sent"]), (&json!(1), &json!(1)), "{summary}");
        assert_eq!(world.items_of("INBOX#").len(), 1);
        world.stack.faults().clear();
        assert_eq!(world.notify().await["sent"], 0);
        assert_eq!((world.items_of("INBOX#").len(), world.stack.emails().len()), (2, 2));
    });
}

#[test]
fn a_lost_reply_puts_nothing_in_an_inbox_twice() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        let fault = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
        world.stack.faults().add(fault.function("notify-expiring-keys").when(When::First(2)));
        world.notify().await;
        world.notify().await;
        assert_eq!(world.stack.faults().struck(), 2);
        assert_eq!((world.items_of("INBOX#").len(), world.stack.emails().len()), (1, 1));
    });
}

#[test]
fn a_full_quota_delays_no_inbox_and_each_notice_is_claimed_for_it_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for name in ["bob", "olga"] {
            organization.join_as(world, name, "owner").await;
        }
        organization.machine_key().await;
        organization.machine_key().await;
        for (day, left, titles) in [(60, 0.0, 6), (83, 1.0, 12)] {
            let (max_24_hour_send, max_send_rate) = (100.0, 1_000.0);
            let sent_last_24_hours = max_24_hour_send - left;
            let quota = Quota { max_24_hour_send, max_send_rate, sent_last_24_hours };
            world.stack.set_quota(quota);
            world.stack.calls().clear();
            let before = world.stack.emails().len();
            for tick in 0..4 {
                world.travel(day * DAY + 60 + 300 * tick);
                world.notify().await;
                assert_eq!(world.items_of("INBOX#").len(), titles, "day {day}, tick {tick}");
                // The stack counts no mails against the quota.
                world.stack.set_quota(Quota { sent_last_24_hours: max_24_hour_send, ..quota });
            }
            assert_eq!(world.stack.emails().len() - before, usize::from(left > 0.0));
            assert_eq!(claims_in_inboxes(world), 3, "one for each owner on day {day}");
        }
        world.stack.set_quota(Quota { max_send_rate: 1_000.0, ..Quota::default() });
        let before = world.stack.emails().len();
        world.notify().await;
        assert_eq!((world.stack.emails().len() - before, claims_in_inboxes(world)), (2, 3));
        assert_eq!(world.notify().await["due"], 0);
    });
}

/// Counts the transactions that claim notices for inboxes.
fn claims_in_inboxes(world: &World) -> usize {
    let calls = world.stack.calls().by_function("notify-expiring-keys");
    let claims = |request: &[u8]| {
        let request = String::from_utf8_lossy(request);
        request.contains("NOTICE#") && request.contains("#INBOX\"")
    };
    calls.iter().filter(|call| call.operation == "TransactWriteItems" && claims(&call.request)).count()
}

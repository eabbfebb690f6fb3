//! Many keys in one mail, and the quota of SES.

use kit::{DAY, run};
use local::Quota;
use serde_json::json;

#[test]
fn three_hundred_due_keys_of_one_recipient_are_one_mail_that_names_them_all() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        world.copy_user(&machine, 299);
        world.travel(60 * DAY + 60);
        let summary = world.notify().await;
        assert_eq!((&summary["due"], &summary["sent"]), (&json!(300), &json!(1)), "{summary}");
        let mails = world.stack.emails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].subject, "Access key \"key\" expires in 30 days, and 299 more");
        for item in world.items_of("KEY#") {
            let key_id = item["key_id"].as_str().unwrap();
            assert!(mails[0].text.contains(key_id) && mails[0].html.contains(key_id), "{key_id}");
        }
        assert_eq!(world.items_of("INBOX#").len(), 300);
        let summary = world.notify().await;
        assert_eq!((&summary["due"], &summary["sent"]), (&json!(0), &json!(0)), "{summary}");
    });
}

#[test]
fn a_used_up_quota_ends_the_run_and_the_next_run_goes_on_with_the_most_urgent() {
    run(async |world| {
        for (owner, days) in [("ann", 90), ("bob", 89), ("cem", 91)] {
            let organization = world.organization(owner, "strict").await;
            let machine = organization.machine("machine").await;
            organization.key(&machine, days).await;
        }
        world.travel(61 * DAY + 60);
        let quota = |max_24_hour_send| Quota { max_24_hour_send, ..Quota::default() };
        world.stack.set_quota(quota(2.0));
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["left_over"]), (&json!(2), &json!(1)), "{summary}");
        assert_eq!(super::recipients(world), ["ann@example.com", "bob@example.com"]);
        assert_eq!(world.items_of("INBOX#").len(), 3, "inboxes do not wait for SES");
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["left_over"]), (&json!(0), &json!(1)), "{summary}");
        world.stack.set_quota(quota(10.0));
        assert_eq!(world.notify().await["sent"], 1);
        assert_eq!(super::recipients(world), ["ann@example.com", "bob@example.com", "cem@example.com"]);
        assert_eq!(world.items_of("INBOX#").len(), 3);
    });
}

#[test]
fn a_mail_links_to_the_console_to_unsubscribe_if_there_is_a_console() {
    for (console_url, header) in
        [("", None), ("https://keys.example.com/console", Some("<https://keys.example.com/console>"))]
    {
        let parameters = [("ConsoleUrl".to_owned(), console_url.to_owned())].into();
        kit::run_with(kit::Options { parameters, ..kit::Options::default() }, async |world| {
            world.organization("alice", "strict").await.machine_key().await;
            world.travel(60 * DAY + 60);
            world.notify().await;
            let mail = &world.stack.emails()[0];
            let raw = String::from_utf8_lossy(&mail.raw).into_owned();
            let said = raw.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: "));
            assert_eq!(said, header);
            assert_eq!(mail.html.contains("href="), header.is_some());
        });
    }
}

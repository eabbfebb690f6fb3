//! Organizations take turns, so that the mails of one do not delay those of another.

use kit::{DAY, mail_domains, run, run_with};
use local::Quota;
use serde_json::json;

use super::{outbox::put_waiting, recipients, scale::machines};

#[test]
fn an_organization_with_many_due_keys_delays_no_mail_of_another() {
    run_with(mail_domains(), async |world| {
        // Those of Ann are due for longer, and are more urgent.
        machines(world, "ann", 300, 89).await;
        machines(world, "bob", 1, 90).await;
        world.stack.set_quota(Quota { max_24_hour_send: 3.0, max_send_rate: 10_000.0, ..Quota::default() });
        world.travel(60 * DAY + 60);
        assert_eq!(world.notify().await["sent"], 3);
        let robots = |owner: &str| format!("robots-of-{owner}@example.com");
        assert_eq!(recipients(world), [robots("ann"), robots("ann"), robots("bob")]);
    });
}

#[test]
fn a_run_takes_two_thousand_entries_of_an_organization_and_reads_on_behind_them() {
    run(async |world| {
        // The message of Bob is due for a shorter time than all those of Ann.
        for (owner, messages) in [("ann", 2_001), ("bob", 1)] {
            let organization = world.organization(owner, "strict").await;
            let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
            world.travel(if owner == "bob" { 60 } else { 0 });
            put_waiting(world, &organization, me["user_id"].as_str().unwrap(), messages);
        }
        let summary = world.notify().await;
        assert_eq!((&summary["due"], &summary["sent"]), (&json!(2_001), &json!(2)), "{summary}");
        assert_eq!(recipients(world), ["ann@example.com", "bob@example.com"]);
        // One mail holds 99 messages. What is beyond that and beyond her part holds no alarm.
        assert_eq!((&summary["left_over"], &summary["beyond_share"]), (&json!(0), &json!(2_001 - 99)));
    });
}

//! Organizations take turns, so that the mails of one do not delay those of another.

use kit::{DAY, mail_domains, run_with};
use local::Quota;

use super::{recipients, scale::machines};

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

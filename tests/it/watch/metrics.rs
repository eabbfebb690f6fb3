//! Metrics of the notices.

use kit::{DAY, run};

use super::{datapoints, values};

#[test]
fn a_run_of_notices_says_what_it_did_and_how_late_it_was() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(60 * DAY + 1_000);
        world.notify().await;
        let points = datapoints(&world.stack);
        for (name, value) in [("Due", 1.0), ("Sent", 1.0), ("Failed", 0.0), ("LeftOver", 0.0)] {
            assert_eq!(values(&points, name, &[]), [value], "{name}");
        }
        let [lag] = values(&points, "Lag", &[])[..] else { panic!("{points:?}") };
        assert!((990.0..1_060.0).contains(&lag), "{lag}");
        world.notify().await;
        assert_eq!(values(&datapoints(&world.stack), "Lag", &[])[1..], [0.0]);
    });
}

#[test]
fn keys_that_expire_within_30_days_are_counted_once_a_day() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        for (name, lifetimes) in [("deploy", [3, 29]), ("test", [31, 90])] {
            let machine = organization.machine(name).await;
            for days in lifetimes {
                organization.key(&machine, days).await;
            }
        }
        let counted = || values(&datapoints(&world.stack), "KeysExpiring30Days", &[]);
        world.notify().await;
        assert_eq!(counted(), [2.0]);
        world.notify().await;
        assert_eq!(counted(), [2.0], "the day has its number");
        world.travel(2 * DAY);
        world.notify().await;
        assert_eq!(counted(), [2.0, 3.0]);
        world.travel(5 * DAY);
        world.notify().await;
        assert_eq!(counted(), [2.0, 3.0, 2.0], "one has expired");
    });
}

#[test]
fn the_keys_that_a_run_counts_are_read_in_one_batch() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("deploy").await;
        for days in [3, 29] {
            organization.key(&machine, days).await;
        }
        world.notify().await;
        let calls = world.stack.calls().by_function("notify-expiring-keys");
        assert_eq!(calls.iter().filter(|call| call.operation == "BatchGetItem").count(), 1);
    });
}

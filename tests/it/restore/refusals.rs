//! Replays that are refused.

use kit::{Options, World, run_with};

async fn refused(world: &World, arguments: [&str; 3], because: &str) {
    let [old, restored, since] = arguments;
    let arguments = ["--old-table", old, "--restored-table", restored, "--since", since];
    let replayed = world.run_replay(&arguments).await;
    assert_ne!(replayed.code, 0, "{replayed:?}");
    assert!(replayed.lines.is_empty() && replayed.error.contains(because), "{replayed:?}");
}

#[test]
fn a_replay_of_a_table_on_itself_and_without_its_events_is_refused() {
    run_with(Options { aws_only: true, ..Options::default() }, async |world| {
        let (table, copy) = ("access-keys", world.copy_table());
        let since = copy.since();
        refused(world, [table, table, since], "the old and the restored table are the same").await;
        refused(world, ["other", table, since], "the table other: ").await;
        refused(world, [table, "other", since], "the table other: ").await;
        refused(world, ["other", table, "2020-01-01T00:00:00Z"], "before the retention").await;
        refused(world, ["other", table, "2100-01-01T00:00:00Z"], "in the future").await;
        refused(world, ["other", table, "yesterday"], "must be an RFC 3339 time").await;
        world.restore(&copy);
        let expected = format!("no event 01ARZ3NDEKTSV4RRFFQ69G5FAV since {since}: nothing was written");
        let unknown = world.replay(&copy, &["--except", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).await;
        assert!(unknown.code == 1 && unknown.error.contains(&expected), "{unknown:?}");
    });
}

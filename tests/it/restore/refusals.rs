//! Replays that are refused, and events near the restored instant.

use kit::{Options, World, run, run_with};
use serde_json::json;

use super::{
    callers::{Callers, check_nothing_ended_works},
    invariants,
};

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
        let (table, since) = ("access-keys", world.copy_table().since().to_owned());
        refused(world, [table, table, &since], "the old and the restored table are the same").await;
        refused(world, ["other", table, &since], "the table other: ").await;
        refused(world, [table, "other", &since], "the table other: ").await;
        refused(world, ["other", table, "2020-01-01T00:00:00Z"], "before the retention").await;
        refused(world, ["other", table, "2100-01-01T00:00:00Z"], "in the future").await;
        refused(world, ["other", table, "yesterday"], "must be an RFC 3339 time").await;
    });
}

#[test]
fn a_change_counts_by_its_event_and_not_by_its_second() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let machine = organization.machine("ci").await;
        let mut callers = Callers::default();
        let (rotated, revoked) = (organization.key(&machine, 90).await, organization.key(&machine, 90).await);
        callers.add_key(&rotated);
        callers.add_key(&revoked);
        let path = organization.key_path(&rotated);
        owner.patch(&path, json!({"name": "renamed in this second"})).await.expect(200);
        let copy = world.copy_table();
        let rotation = owner.post(&format!("{path}/rotate"), json!(null)).await.expect(200);
        callers.add_key(&rotation);
        // This request began minutes before the restored instant, and was stored after it.
        world.travel(-600);
        let revoke = format!("{}/revoke", organization.key_path(&revoked));
        world.person("alice").post(&revoke, json!(null)).await.expect(200);
        world.travel(0);
        let rights = callers.rights(world).await;
        let rotated_at = world.audit("access_key.rotated")[0]["at"].as_i64().unwrap();
        world.restore(&copy);
        let key_id = rotated["key_id"].as_str().unwrap();
        let place = (&*format!("USER#{machine}"), &*format!("KEY#{}", &key_id[12..]));
        let same_second = json!({"N": rotated_at.to_string()});
        world.update(place, "SET #attribute = :value", "updated_at", &same_second);

        let replayed = world.replay(&copy, &[]).await;
        assert_eq!(replayed.code, 0, "{replayed:?}");
        assert_eq!(replayed.ids("switched_off"), [key_id]);
        assert_eq!(replayed.ids("revoked"), [revoked["key_id"].as_str().unwrap()]);
        check_nothing_ended_works(&rights, &callers.rights(world).await);
        invariants::check(world);
    });
}

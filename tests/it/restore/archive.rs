//! Replays from an archive of the bus, with the old table and without it.

use kit::{OLD_TABLE, Organization, TableCopy, World, run};
use serde_json::{Value, json};

use super::{
    callers::check_nothing_ended_works,
    drill::{check_report, check_rights, things},
    invariants,
    scene::Scene,
};
use crate::tokens::token;

/// Returns the text of an archive as a replay of EventBridge delivers it: in another order, and some events twice.
pub(super) async fn archive(world: &World) -> String {
    let mut events = world.lifecycle_events().await.unwrap();
    events.reverse();
    let lines = events.iter_mut().enumerate().map(|(at, event)| {
        event["replay-name"] = json!("drill");
        format!("{event}\n").repeat(1 + at % 2)
    });
    lines.collect()
}

#[test]
fn an_archive_repeats_what_the_audit_events_of_the_old_table_would() {
    run(async |world| {
        let scene = Scene::play(world).await;
        let archive = archive(world).await;
        world.restore(&scene.copy);
        let untouched = things(world);
        let arguments = ["--old-table", OLD_TABLE, "--except", &scene.mistake];
        let dry_run = [&arguments[..], &["--dry-run"]].concat();
        let planned = world.replay_archive(&scene.copy, &archive, &dry_run).await;
        assert_eq!((planned.code, things(world)), (0, untouched), "{planned:?}");

        let replayed = world.replay_archive(&scene.copy, &archive, &arguments).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (0, ""), "{replayed:?}");
        assert_eq!(replayed.lines, planned.lines);
        check_report(&scene, &replayed);
        invariants::check(world);
        check_rights(world, &scene).await;

        // The audit events of the old table tell the same, so nothing is left to be done.
        let done = things(world);
        let again = world.replay(&scene.copy, &["--except", &scene.mistake]).await;
        let outcomes: Vec<_> = again.lines.iter().map(|line| line[0].as_str()).collect();
        assert!(outcomes.iter().all(|outcome| ["lost", "left"].contains(outcome)), "{again:?}");
        assert_eq!((again.code, things(world)), (0, done));
    });
}

#[test]
fn without_the_old_table_an_archive_ends_all_that_was_ended_and_lists_what_it_cannot_copy() {
    run(async |world| {
        let scene = Scene::play(world).await;
        let archive = archive(world).await;
        world.restore(&scene.copy);
        let arguments = ["--except", scene.mistake.as_str()];
        let replayed = world.replay_archive(&scene.copy, &archive, &arguments).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (2, ""), "{replayed:?}");
        assert_eq!(replayed.ids("revoked"), scene.ids(&["revoked", "leaked"]));
        assert_eq!(replayed.ids("copied"), [""; 0], "{replayed:?}");
        let off = replayed.ids("switched_off");
        for key in ["rotated", "off", "off-on", "shortened", "narrowed", "dave's key"] {
            assert!(off.contains(&scene.id(key)), "{key}: {replayed:?}");
        }
        // Carol has not signed in yet. Her change may be that of her address, whose former owner could sign in.
        let suspended = ["held", "frank", "demoted", "dave", "carol", "other"];
        assert_eq!(replayed.ids("suspended"), scene.ids(&suspended));
        let mut deleted = scene.ids(&["deleted", "gone", "erin"]);
        deleted.extend(["operators", "temporary", "writer"]);
        deleted.sort_unstable();
        assert_eq!(replayed.ids("deleted"), deleted);
        let mut lost =
            scene.ids(&["late", "new", "new's key", "grace", "lost", "carl", "lost machine", "lost key"]);
        lost.push("late");
        lost.sort_unstable();
        assert_eq!(replayed.ids("lost"), lost);
        let mut unresolved = scene.ids(&["held", "frank", "lifted", "demoted", "dave", "carol", "other"]);
        unresolved.extend(["operators", "writer"]);
        unresolved.sort_unstable();
        assert_eq!(replayed.ids("unresolved"), unresolved);

        invariants::check(world);
        let rights = scene.callers.rights(world).await;
        let mut before = scene.rights.clone();
        let mistaken = scene.token("mistaken").to_owned();
        before.insert(mistaken.clone(), rights[&mistaken].clone());
        check_nothing_ended_works(&before, &rights);
        let owner = format!("alice {}", scene.organization.path);
        assert!(rights[&owner].is_some() && rights[&owner] == before[&owner]);

        let done = things(world);
        let again = world.replay_archive(&scene.copy, &archive, &arguments).await;
        assert_eq!((again.code, things(world)), (2, done), "{again:?}");
    });
}

/// An organization with two keys that were revoked since the copy, and the events of that.
struct Revoked {
    organization: Organization,
    keys: [Value; 2],
    copy: TableCopy,
    events: Vec<Value>,
}

impl Revoked {
    async fn play(world: &World) -> Self {
        let organization = world.organization("alice", "strict").await;
        let keys = [organization.machine_key().await, organization.machine_key().await];
        let copy = world.copy_table();
        for key in &keys {
            let revoke = format!("{}/revoke", organization.key_path(key));
            organization.owner.post(&revoke, json!(null)).await.expect(200);
        }
        let mut events = world.lifecycle_events().await.unwrap();
        events.retain(|event| event["detail-type"] == "access_key.revoked");
        world.restore(&copy);
        Self { organization, keys, copy, events }
    }

    /// Checks which of the keys work.
    async fn check(&self, world: &World, work: [bool; 2]) {
        for (key, works) in self.keys.iter().zip(work) {
            let answer = world.key(token(key)).get("/v1/whoami").await;
            assert_eq!(answer.status, if works { 200 } else { 403 });
        }
    }
}

#[test]
fn a_damaged_line_of_an_archive_is_listed_with_its_number_and_changes_nothing() {
    run(async |world| {
        let revoked = Revoked::play(world).await;
        let other = world.organization("bob", "strict").await;
        let [first, second] = &revoked.events[..] else { panic!("{:?}", revoked.events) };
        let cut_off = &second.to_string()[..second.to_string().len() - 40];
        let mut of_another_stack = second.clone();
        of_another_stack["source"] = json!("staging");
        let mut contradicts = second.clone();
        contradicts["detail"]["action"] = json!("access_key.deleted");
        let mut foreign = second.clone();
        foreign["detail"]["organization_id"] = json!(other.id);
        let text = format!("{cut_off}\n{first}\n{of_another_stack}\n{contradicts}\nhidden\n{foreign}\n");

        let replayed = world.replay_archive(&revoked.copy, &text, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (2, ""), "{replayed:?}");
        let mut listed = vec!["1", "3", "4", "5", revoked.keys[1]["key_id"].as_str().unwrap()];
        listed.sort_unstable();
        assert_eq!(replayed.ids("unresolved"), listed);
        assert_eq!(replayed.ids("revoked"), [revoked.keys[0]["key_id"].as_str().unwrap()]);
        assert!(!format!("{replayed:?}").contains("hidden"));
        revoked.check(world, [false, true]).await;

        let whole = format!("{first}\n{second}\n");
        let replayed = world.replay_archive(&revoked.copy, &whole, &[]).await;
        assert_eq!(replayed.code, 0, "{replayed:?}");
        revoked.check(world, [false, false]).await;
        let audited = world.audit("access_key.revoked");
        assert_eq!(audited.len(), 2);
        let repeated = [&first["detail"]["audit_id"], &second["detail"]["audit_id"]];
        assert!(audited.iter().all(|event| repeated.contains(&&event["request_id"])), "{audited:?}");
        assert_eq!(revoked.organization.owner.get(&revoked.organization.path).await.status, 200);
    });
}

#[test]
fn what_is_no_archive_of_the_stack_is_refused_before_anything_is_written() {
    run(async |world| {
        let revoked = Revoked::play(world).await;
        let untouched = things(world);
        let whole = format!("{}\n{}\n", revoked.events[0], revoked.events[1]);
        let long = format!("{whole}{}", "x".repeat(70_000));
        let little = format!("{whole}{}", "{}\n".repeat(101));
        let in_one_line = whole.replace('\n', "");
        for (text, why) in [
            ("", "no event of the stack"),
            (&in_one_line, "no event of the stack"),
            (&whole.replace("\"local\"", "\"staging\""), "no event of the stack"),
            (&long, "line 3 of the archive is longer"),
            (&little, "line 103 of the archive is one of more than 100"),
        ] {
            let replayed = world.replay_archive(&revoked.copy, text, &[]).await;
            assert_eq!((replayed.code, replayed.lines.len()), (1, 0), "{replayed:?}");
            assert!(
                replayed.error.contains(why) && replayed.error.contains("nothing was written"),
                "{replayed:?}"
            );
        }
        let since = revoked.copy.since();
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for (events, stack, code) in [
            (manifest, Some("local"), 1),
            ("missing", Some("local"), 1),
            (manifest, None, 2),
            (manifest, Some("a:b"), 2),
        ] {
            let mut arguments = vec!["--events", events, "--restored-table", "access-keys", "--since", since];
            arguments.extend(stack.map(|stack| ["--stack", stack]).into_iter().flatten());
            let replayed = world.run_replay(&arguments).await;
            assert_eq!((replayed.code, replayed.lines.len()), (code, 0), "{replayed:?}");
        }
        assert_eq!(things(world), untouched);
        revoked.check(world, [true, true]).await;
    });
}

//! The drill: changes, a copy of the table, more changes, the copy put back, and the replay.

use kit::{Replayed, World, run};
use serde_json::json;

use super::{callers::check_nothing_ended_works, invariants, scene::Scene};

/// Returns all items, in order.
pub(super) fn things(world: &World) -> Vec<String> {
    let mut items: Vec<_> = world.items().iter().map(|item| format!("{item:?}")).collect();
    items.sort();
    items
}

#[test]
fn after_a_restore_and_the_replay_nothing_that_was_ended_works() {
    run(async |world| {
        let scene = Scene::play(world).await;
        world.restore(&scene.copy);
        let revived = world.key(scene.token("revoked"));
        revived.get("/v1/whoami").await.expect(200);

        let untouched = things(world);
        let planned = world.replay(&scene.copy, &["--dry-run"]).await;
        assert_eq!((planned.code, things(world)), (0, untouched), "{planned:?}");
        assert!(planned.summary.ends_with("dry run: nothing was written"), "{planned:?}");

        let mistake = scene.mistake.as_str();
        let replayed = world.replay(&scene.copy, &["--except", mistake]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (0, ""), "{replayed:?}");
        let mut lines = planned.lines.clone();
        lines.retain(|line| !line[4].contains(mistake));
        assert_eq!((replayed.lines.len() + 1, &replayed.lines), (planned.lines.len(), &lines));
        check_report(&scene, &replayed);
        invariants::check(world);
        let versions = scene.stored_versions(world);
        let newer = versions.iter().zip(&scene.versions).all(|(restored, old)| restored > old);
        assert!(newer, "no ETag of the old table comes back: {:?} {versions:?}", scene.versions);
        check_rights(world, &scene).await;
        check_second_run(world, &scene, &replayed).await;
    });
}

pub(super) fn check_report(scene: &Scene, replayed: &Replayed) {
    let ids = |outcome: &str| replayed.ids(outcome);
    assert_eq!(ids("revoked"), scene.ids(&["revoked", "leaked"]));
    let mut deleted = scene.ids(&["deleted", "gone", "erin"]);
    deleted.push("temporary");
    deleted.sort_unstable();
    assert_eq!(ids("deleted"), deleted);
    assert_eq!(ids("suspended"), scene.ids(&["held", "frank", "other"]));
    let off = ["rotated", "off", "off-on", "shortened", "narrowed", "dave's key"];
    assert_eq!(ids("switched_off"), scene.ids(&off));
    let mut copied = scene.ids(&["lifted", "demoted", "dave", "carol"]);
    copied.extend(["late", "operators", "writer"]);
    copied.sort_unstable();
    assert_eq!(ids("copied"), copied);
    let lost = ["late", "new", "new's key", "grace", "lost", "carl", "lost machine", "lost key"];
    assert_eq!(ids("lost"), scene.ids(&lost));
    assert_eq!(ids("left"), scene.ids(&["renamed"]));
    assert!(ids("unresolved").is_empty() && ids("created").is_empty(), "{replayed:?}");
}

pub(super) async fn check_rights(world: &World, scene: &Scene) {
    let rights = scene.callers.rights(world).await;
    let mut before = scene.rights.clone();
    // The deletion of this key was a mistake: it works again.
    let mistaken = scene.token("mistaken").to_owned();
    assert_eq!(before.insert(mistaken.clone(), rights[&mistaken].clone()), Some(None));
    check_nothing_ended_works(&before, &rights);
    let kept = ["live", "steady", "renamed", "mistaken"].map(|name| scene.token(name).to_owned());
    let people = ["alice", "dave"].map(|name| format!("{name} {}", scene.organization.path));
    for caller in kept.iter().chain(&people) {
        assert!(rights[caller].is_some() && rights[caller] == before[caller], "{caller}");
    }
}

/// Checks that a second run changes nothing, also where somebody decided otherwise meanwhile.
async fn check_second_run(world: &World, scene: &Scene, first: &Replayed) {
    let own = format!("{}/access-keys/{}", scene.organization.path, scene.id("dave's key"));
    let switched_on = json!({"active": true});
    world.person("dave").patch(&own, switched_on.clone()).await.expect_problem(403, "forbidden");
    scene.organization.owner.patch(&own, switched_on).await.expect(200);
    let path = format!("{}/access-keys/{}", scene.organization.path, scene.id("off-on"));
    scene.organization.owner.patch(&path, json!({"active": true})).await.expect(200);
    let done = things(world);
    let again = world.replay(&scene.copy, &["--except", &scene.mistake]).await;
    assert_eq!((again.code, things(world)), (0, done), "{again:?}");
    let mut lines = first.lines.clone();
    lines.retain(|line| ["lost", "left"].contains(&line[0].as_str()));
    assert_eq!(again.lines, lines);
}

//! The drill: changes, a copy of the table, more changes, the copy put back, and the replay.

use kit::{Effect, Fault, Item, Service, When, World, run};
use serde_json::json;

use super::{callers::check_nothing_ended_works, invariants, scene::Scene};

/// The writes of a replay.
const WRITE: &str = "TransactWriteItems";

/// Lists the audit events of the replay: action, effect, target and the event that each repeats.
fn repeated(world: &World) -> Vec<String> {
    let of_replay = |item: &Item| item.get("actor").is_some_and(|actor| actor["id"] == "replay");
    let mut events: Vec<_> = world.items().into_iter().filter(of_replay).collect();
    events.retain(|event| event["actor"] == json!({"type": "system", "id": "replay", "name": "replay"}));
    let text = |event: Item| {
        let members = [&event["action"], &event["effect"], &event["target"]["id"], &event["request_id"]];
        members.map(|one| one.as_str().unwrap().to_owned()).join(" ")
    };
    let mut texts: Vec<_> = events.into_iter().map(text).collect();
    texts.sort();
    texts
}

/// Returns all items without the audit events, in order.
fn things(world: &World) -> Vec<String> {
    let mut items: Vec<_> = world.items().iter().map(|item| format!("{item:?}")).collect();
    items.sort();
    items
}

#[test]
fn after_a_restore_and_the_replay_nothing_that_was_ended_works() {
    run(async |world| {
        let scene = Scene::play(world).await;
        world.restore(&scene.copy);
        let revived = scene.callers.rights(world).await;
        let works = |rights: &super::callers::Rights| rights.values().flatten().count();
        assert!(works(&revived) > works(&scene.rights), "the restore revives");
        world.restore_again(&scene.copy);

        let untouched = things(world);
        let planned = world.replay(&scene.copy, &["--dry-run"]).await;
        assert_eq!((planned.code, things(world)), (0, untouched), "{planned:?}");
        assert!(planned.summary.ends_with("dry run: nothing was written"), "{planned:?}");

        let replayed = world.replay(&scene.copy, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (0, ""), "{replayed:?}");
        assert_eq!(replayed.lines, planned.lines);
        check_report(&scene, &replayed);
        invariants::check(world);
        check_rights(world, &scene).await;

        // Whoever lives is as it was, and a second run changes nothing.
        let (events, done) = (repeated(world), things(world));
        let again = world.replay(&scene.copy, &[]).await;
        assert_eq!((again.code, things(world)), (0, done), "{again:?}");
        assert_eq!(repeated(world), events);
        let lines: Vec<_> =
            replayed.lines.iter().filter(|line| ["lost", "left"].contains(&line[0].as_str())).collect();
        assert_eq!(again.lines.iter().collect::<Vec<_>>(), lines);

        let path = format!("{}/access-keys/{}", scene.organization.path, scene.id("off-on"));
        scene.organization.owner.patch(&path, json!({"active": true})).await.expect(200);
        assert_eq!(world.replay(&scene.copy, &[]).await.code, 0);
        let key = scene.organization.owner.get(&path).await.expect(200);
        assert_eq!(key["status"], "active", "a later decision of a person stays");

        end_at_each_write(world, &scene, &events).await;
    });
}

fn check_report(scene: &Scene, replayed: &kit::Replayed) {
    let ids = |outcome: &str| replayed.ids(outcome);
    assert_eq!(ids("revoked"), scene.ids(&["revoked", "leaked"]));
    let mut deleted = scene.ids(&["deleted", "gone", "erin"]);
    deleted.push("temporary");
    deleted.sort_unstable();
    assert_eq!(ids("deleted"), deleted);
    assert_eq!(ids("suspended"), scene.ids(&["held", "frank", "other"]));
    let off = ["rotated", "overlapped", "off", "off-on", "shortened", "narrowed", "networks"];
    assert_eq!(ids("switched_off"), scene.ids(&off));
    let mut copied = scene.ids(&["lifted", "demoted", "dave", "carol"]);
    copied.extend(["late", "operators", "writer"]);
    copied.sort_unstable();
    assert_eq!(ids("copied"), copied);
    let lost = ["late", "new", "new's key", "grace", "lost", "carl", "lost machine", "lost key"];
    assert_eq!(ids("lost"), scene.ids(&lost));
    assert_eq!(ids("left"), scene.ids(&["extended", "renamed"]));
    assert!(ids("unresolved").is_empty() && ids("created").is_empty(), "{replayed:?}");
}

async fn check_rights(world: &World, scene: &Scene) {
    let rights = scene.callers.rights(world).await;
    check_nothing_ended_works(&scene.rights, &rights);
    let whole = |name: &str| {
        let key = scene.id(name);
        let token = rights.keys().find(|caller| caller.starts_with(&format!("ak_{key}"))).unwrap();
        assert_eq!(rights[token], scene.rights[token], "{name}");
        assert!(rights[token].is_some(), "{name}");
    };
    ["live", "steady", "extended", "renamed"].map(whole);
    for name in ["alice", "dave"] {
        let caller = format!("{name} {}", scene.organization.path);
        assert_eq!(rights[&caller], scene.rights[&caller], "{name}");
    }
}

/// Ends the replay after each of its writes, whose replies are lost, and runs it again.
async fn end_at_each_write(world: &World, scene: &Scene, events: &[String]) {
    world.restore_again(&scene.copy);
    let mut ended = 0;
    loop {
        let lost = Fault::on(Service::DynamoDb, Effect::LoseReply).operation(WRITE).when(When::First(1));
        world.stack.faults().add(lost);
        let replayed = world.replay(&scene.copy, &[]).await;
        let struck = world.stack.faults().struck();
        world.stack.faults().clear();
        if struck == 0 {
            assert_eq!(replayed.code, 0, "{replayed:?}");
            break;
        }
        assert_eq!((replayed.code, replayed.summary.as_str()), (1, ""), "{replayed:?}");
        ended += 1;
    }
    assert_eq!(ended, events.len(), "each write was the last one of a run");
    assert_eq!(repeated(world), events);
    invariants::check(world);
    check_rights(world, scene).await;
}

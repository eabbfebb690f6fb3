//! A replay that ends at each of its writes, and is run again.

use kit::{Effect, Fault, Item, Service, When, World, key_of, run};
use serde_json::json;

use super::{
    callers::{Callers, check_nothing_ended_works},
    invariants,
};

/// Lists the audit events of the replay: action, effect, target and the event that each repeats.
fn repeated(world: &World) -> Vec<String> {
    let replay = json!({"type": "system", "id": "replay", "name": "replay"});
    let mut events = world.items();
    events.retain(|item| item.get("actor").is_some_and(|actor| *actor == replay));
    let text = |event: &Item| {
        let members = [&event["action"], &event["effect"], &event["target"]["id"], &event["request_id"]];
        members.map(|one| one.as_str().unwrap().to_owned()).join(" ")
    };
    let mut texts: Vec<_> = events.iter().map(text).collect();
    texts.sort();
    texts
}

#[test]
fn a_replay_that_ends_at_any_write_goes_on_where_it_ended() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let mut callers = Callers::default();
        organization.role("reader", &["a:*"]).await;
        let (kept, changed) = (organization.machine("kept").await, organization.machine("changed").await);
        let mut paths = Vec::new();
        for user in [&kept, &kept, &changed] {
            let key = organization.key(user, 90).await;
            callers.add_key(&key);
            paths.push(organization.key_path(&key));
        }
        for name in ["bob", "zoe"] {
            let id = organization.invite_as(name, "owner").await;
            paths.push(organization.user_path(&id));
            callers.add_person(name, &organization);
        }
        world.person("bob").get(&paths[3]).await.expect(200);
        let other = world.organization("una", "strict").await;
        let copy = world.copy_table();
        owner.post(&format!("{}/revoke", paths[0]), json!(null)).await.expect(200);
        owner.patch(&paths[1], json!({"active": false})).await.expect(200);
        owner.delete(&paths[2]).await.expect(204);
        organization.role("reader", &["a:b"]).await;
        let suspended = json!({"status": "suspended"});
        owner.patch(&organization.user_path(&changed), suspended.clone()).await.expect(200);
        world.person("zoe").get(&paths[4]).await.expect(200);
        owner.delete(&paths[3]).await.expect(204);
        owner.patch(&organization.path, suspended).await.expect(200);
        let rights = callers.rights(world).await;
        world.restore(&copy);

        let mut ended = 0;
        loop {
            let lost = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
            world.stack.faults().add(lost.when(When::First(1)));
            let replayed = world.replay(&copy, &[]).await;
            let struck = world.stack.faults().struck();
            world.stack.faults().clear();
            if struck == 0 {
                assert_eq!(replayed.code, 0, "{replayed:?}");
                break;
            }
            assert_eq!((replayed.code, replayed.ids("unresolved")), (1, vec![&*organization.id]));
            ended += 1;
        }
        let events = repeated(world);
        assert_eq!((ended, events.len()), (8, 8), "{events:?}");
        invariants::check(world);
        check_nothing_ended_works(&rights, &callers.rights(world).await);

        world.restore_again(&copy);
        let partition = format!("ORG#{}#AUDIT", other.id);
        let event = world.partition(&partition, ("0", "~")).remove(0);
        world.set(key_of(&event), "changes", &json!({"S": "none"}));
        let replayed = world.replay(&copy, &[]).await;
        assert!(replayed.code == 1 && replayed.error.contains("run it again"), "{replayed:?}");
        assert_eq!(replayed.ids("unresolved"), [&*other.id], "its failure is its own");
        assert_eq!(repeated(world), events, "a replay that does not end does the same");
    });
}

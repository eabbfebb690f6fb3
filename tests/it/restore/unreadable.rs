//! Items that cannot be read in the old table: the keys concerned are switched off and listed.

use kit::run;
use serde_json::json;

use super::{
    callers::{Callers, check_nothing_ended_works},
    invariants,
};

#[test]
fn what_cannot_be_read_in_the_old_table_ends_the_keys_concerned() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let quota = json!({"policy": {"quota": {"machine": 20}}});
        organization.owner.patch(&organization.path, quota).await.expect(200);
        let mut callers = Callers::default();
        organization.role("broken", &["a:*"]).await;
        organization.role("whole", &["b"]).await;
        let group = format!("{}/groups/through", organization.path);
        organization.owner.put(&group, json!({"roles": ["broken"]})).await.expect(200);
        let (carries, whole) = (
            organization.machine_with("carries", &["broken"]).await,
            organization.machine_with("whole", &["whole"]).await,
        );
        let (through, changed) =
            (organization.machine("through").await, organization.machine_with("changed", &["whole"]).await);
        let path = organization.user_path(&through);
        organization.owner.patch(&path, json!({"groups": ["through"]})).await.expect(200);
        let mut keys = Vec::new();
        for user in [&carries, &through, &changed, &whole] {
            let key = organization.key(user, 90).await;
            callers.add_key(&key);
            keys.push(key["key_id"].as_str().unwrap().to_owned());
        }
        let person = organization.join_as(world, "bob", "normal").await;
        let path = organization.user_path(&person);
        organization.owner.patch(&path, json!({"roles": ["whole", "broken"]})).await.expect(200);
        callers.add_person("bob", &organization);
        let other = world.organization("carl", "strict").await;
        let others = other.machine_key().await;
        callers.add_key(&others);
        callers.add_person("carl", &other);
        let copy = world.copy_table();

        organization.role("broken", &["a:b"]).await;
        for user in [&changed, &person] {
            let path = organization.user_path(user);
            organization.owner.patch(&path, json!({"roles": []})).await.expect(200);
        }
        other.owner.patch(&other.path, json!({"policy": {"quota": {"machine": 0}}})).await.expect(200);
        let rights = callers.rights(world).await;
        world.restore(&copy);
        let partition = format!("ORG#{}", organization.id);
        world.set_in_old_table((&partition, "ROLE#broken"), "permissions", &json!({"N": "1"}));
        for user in [&changed, &person] {
            world.set_in_old_table((&format!("USER#{user}"), "USER"), "kind", &json!({"S": "robot"}));
        }
        world.set_in_old_table((&format!("ORG#{}", other.id), "ORG"), "policy", &json!({"S": "none"}));

        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (2, ""), "{replayed:?}");
        let mut off = vec![&*keys[0], &*keys[1], &*keys[2], others["key_id"].as_str().unwrap()];
        off.sort_unstable();
        assert_eq!(replayed.ids("switched_off"), off);
        let mut suspended = vec![&*changed, &*person];
        suspended.sort_unstable();
        assert_eq!(replayed.ids("suspended"), suspended);
        assert_eq!(replayed.ids("deleted"), ["broken"]);
        let mut unresolved = vec![&*changed, &*person, &*other.id, "broken"];
        unresolved.sort_unstable();
        assert_eq!(replayed.ids("unresolved"), unresolved);
        invariants::check(world);
        let after = callers.rights(world).await;
        check_nothing_ended_works(&rights, &after);
        assert_eq!(
            after.values().flatten().count(),
            2,
            "the whole machine's key, and the other owner: {after:?}"
        );
    });
}

//! Roles and groups: those that people made or removed since the restore, and those that the old table cannot tell.

use kit::{Organization, World, run};
use serde_json::{Value, json};

use super::{forged::event, invariants, patch_user};

/// Returns an attribute of a role or group; null if there is none of this name.
fn stored(world: &World, organization: &Organization, sort: &str, attribute: &str) -> Value {
    let item = world.item(&format!("ORG#{}", organization.id), sort);
    item.map_or(Value::Null, |item| item[attribute].clone())
}

async fn delete_role(organization: &Organization, name: &str) {
    organization.owner.delete(&format!("{}/roles/{name}", organization.path)).await.expect(204);
}

async fn set_group(organization: &Organization, name: &str, roles: &[&str]) {
    let path = format!("{}/groups/{name}", organization.path);
    organization.owner.put(&path, json!({"roles": roles})).await.expect(200);
}

#[test]
fn roles_that_people_made_anew_or_removed_on_the_restored_table_stay_so() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        for name in ["alike", "gone", "removed", "undone"] {
            organization.role(name, &["a:*"]).await;
        }
        organization.role("held", &["a"]).await;
        let other = world.organization("bob", "flexible").await;
        other.role("alone", &["a:*", "b"]).await;
        let copy = world.copy_table();
        for name in ["alike", "removed", "undone"] {
            organization.role(name, &["a:b"]).await;
        }
        delete_role(&organization, "gone").await;
        for permissions in [["a:c"], ["a:d"], ["a:b"]] {
            other.role("alone", &permissions).await;
        }
        let version = stored(world, &other, "ROLE#alone", "version").as_u64();

        world.restore(&copy);
        for name in ["alike", "gone", "removed", "undone"] {
            delete_role(&organization, name).await;
        }
        organization.role("alike", &["a:b"]).await;
        for name in ["gone", "undone"] {
            organization.role(name, &["z"]).await;
            delete_role(&organization, name).await;
        }
        organization.role("held", &["a", "b"]).await;
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (0, ""), "{replayed:?}");
        assert_eq!(
            (replayed.ids("left"), replayed.ids("copied")),
            (vec!["removed", "undone"], vec!["alone"])
        );
        assert_eq!(replayed.lines.len(), 3, "the others are as in the old table: {replayed:?}");
        let permissions = |name: &str| stored(world, &organization, &format!("ROLE#{name}"), "permissions");
        assert_eq!(["gone", "removed", "undone"].map(permissions), [Value::Null, Value::Null, Value::Null]);
        assert_eq!(permissions("alike"), "a:b");
        assert_eq!(permissions("held"), "a b", "the event before the copy is not repeated");
        let restored = stored(world, &other, "ROLE#alone", "version").as_u64();
        assert!(restored > version, "no ETag of the old table comes back: {restored:?} {version:?}");
        invariants::check(world);
    });
}

/// An organization with roles and groups that the old table cannot tell, and keys by the way in which they have them.
struct Unreadable {
    organization: Organization,
    keys: Vec<(&'static str, Value)>,
}

impl Unreadable {
    async fn begin(world: &World) -> Self {
        let organization = world.organization("alice", "flexible").await;
        for (name, permissions) in [("broken", "a:*"), ("wider", "a"), ("lost", "c:*"), ("whole", "b")] {
            organization.role(name, &[permissions]).await;
        }
        for name in ["torn", "sound"] {
            set_group(&organization, name, &["whole"]).await;
        }
        let mut keys = Vec::new();
        for (name, user, key) in [
            ("own role", json!({}), json!({"roles": ["broken"]})),
            ("own group", json!({}), json!({"groups": ["torn"]})),
            ("group", json!({"groups": ["torn"]}), json!({})),
            ("another group", json!({"groups": ["sound"]}), json!({})),
            ("wider", json!({"roles": ["wider"]}), json!({})),
            ("lost", json!({"roles": ["lost"]}), json!({})),
        ] {
            let id = organization.machine("machine").await;
            patch_user(&organization, &id, user).await;
            let made = organization.key(&id, 90).await;
            organization.owner.patch(&organization.key_path(&made), key).await.expect(200);
            keys.push((name, made));
        }
        Self { organization, keys }
    }

    async fn change(&self) {
        let roles: [(&str, &[&str]); 3] = [("broken", &["a:b"]), ("wider", &["a", "z"]), ("lost", &["c:d"])];
        for (name, permissions) in roles {
            self.organization.role(name, permissions).await;
        }
        set_group(&self.organization, "torn", &[]).await;
    }

    fn break_old_table(&self, world: &World) {
        let partition = format!("ORG#{}", self.organization.id);
        for (sort, attribute) in
            [("ROLE#broken", "permissions"), ("ROLE#wider", "permissions"), ("GROUP#torn", "roles")]
        {
            world.set_in_old_table((&partition, sort), attribute, &json!({"N": "1"}));
        }
        world.remove_from_old_table((&partition, "ROLE#lost"));
    }

    fn id(&self, name: &str) -> &str {
        let (_, key) = self.keys.iter().find(|(known, _)| *known == name).unwrap();
        key["key_id"].as_str().unwrap()
    }

    async fn switch_on(&self, name: &str) {
        let path = format!("{}/access-keys/{}", self.organization.path, self.id(name));
        self.organization.owner.patch(&path, json!({"active": true})).await.expect(200);
    }
}

#[test]
fn keys_with_a_role_or_group_that_cannot_be_read_are_switched_off_and_no_others() {
    run(async |world| {
        let scene = Unreadable::begin(world).await;
        let copy = world.copy_table();
        scene.change().await;
        world.restore(&copy);
        scene.break_old_table(world);
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (2, ""), "{replayed:?}");
        let mut off: Vec<_> =
            ["own role", "own group", "group", "wider", "lost"].map(|name| scene.id(name)).to_vec();
        off.sort_unstable();
        assert_eq!(replayed.ids("switched_off"), off);
        assert_eq!(replayed.ids("unresolved"), ["broken", "lost", "torn", "wider"]);
        assert_eq!(replayed.ids("deleted"), ["broken", "lost", "torn"]);
        assert_eq!(stored(world, &scene.organization, "ROLE#wider", "permissions"), "a", "it only gained");
        invariants::check(world);

        // What people decide on meanwhile, and new keys, stay.
        scene.switch_on("wider").await;
        scene.organization.key(&scene.id("wider")[..12], 9).await;
        let items = world.items().len();
        let again = world.replay(&copy, &[]).await;
        assert_eq!((again.ids("switched_off"), world.items().len()), (vec![], items), "{again:?}");
    });
}

#[test]
fn an_event_that_names_no_field_may_have_changed_each_if_it_restricts() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["a"]).await;
        let mut machines = Vec::new();
        for name in ["narrowed", "other"] {
            machines.push(organization.machine_with(name, &["reader"]).await);
        }
        let copy = world.copy_table();
        for machine in &machines {
            patch_user(&organization, machine, json!({"roles": []})).await;
        }
        let named: Vec<_> = world.audit("user.updated").iter().map(|one| one["audit_id"].clone()).collect();
        world.restore(&copy);
        let owner = (&*organization.id, &*organization.id);
        world.put_in_old_table(&event(world, 1, owner, ("user", &machines[0]), "narrowed"));
        world.put_in_old_table(&event(world, 2, owner, ("user", &machines[1]), "other"));
        let exceptions: Vec<_> = named.iter().flat_map(|id| ["--except", id.as_str().unwrap()]).collect();
        let replayed = world.replay(&copy, &exceptions).await;
        assert_eq!(replayed.ids("copied"), [&*machines[0]], "{replayed:?}");
        let roles =
            |machine: &String| world.item(&format!("USER#{machine}"), "USER").unwrap()["roles"].clone();
        assert_eq!(machines.iter().map(roles).collect::<Vec<_>>(), [json!([]), json!(["reader"])]);
    });
}

//! Loosening is granting: who lets a key do more, for longer, or from more places.

use serde_json::{Value, json};

use super::{client, each_is_refused, key_with, machine_holding, play};

#[test]
fn a_holder_of_access_keys_write_alone_ends_a_mighty_key_and_changes_nothing_of_it() {
    play(async |world, organization| {
        organization.role("all", &["*"]).await;
        let mighty = organization.machine_with("mighty", &["all"]).await;
        let narrow = json!({"allowed_cidrs": ["192.0.2.0/24"]});
        let key = key_with(&organization.owner, organization, &mighty, narrow).await;
        let path = organization.key_path(&key);
        organization.owner.patch(&path, json!({"active": false})).await.expect(200);
        let weak = machine_holding(world, organization, "keys", &["access-keys:*", "roles:read"]).await;
        world.forget_organizations().await;
        let change = |body: Value| ("PATCH", path.clone(), body);
        each_is_refused(
            world,
            &weak,
            &[
                change(json!({"allowed_cidrs": null})),
                change(json!({"allowed_cidrs": ["192.0.2.0/23"]})),
                change(json!({"never_expires": true})),
                change(json!({"expires_in_days": 31})),
                change(json!({"active": true})),
                change(json!({"active": false, "name": "renamed"})),
                change(json!({"name": "renamed"})),
            ],
        )
        .await;
        organization.owner.patch(&path, json!({"active": true, "allowed_cidrs": null})).await.expect(200);
        let rotate = [("POST", format!("{path}/rotate"), Value::Null)];
        each_is_refused(world, &weak, &rotate).await;
        // A key that may do nothing gives nothing.
        key_with(&weak, organization, &mighty, json!({"roles": []})).await;
        weak.patch(&path, json!({"active": false})).await.expect(200);
        // A right over people is none over machines.
        let people = machine_holding(world, organization, "people", &["users:*"]).await;
        let bare = organization.key_path(&organization.machine_key().await);
        organization.owner.patch(&bare, json!({"active": false})).await.expect(200);
        world.forget_organizations().await;
        each_is_refused(world, &people, &[("PATCH", bare, json!({"active": true}))]).await;
        weak.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        weak.delete(&path).await.expect(204);
        assert_eq!(world.audit("access_key.deleted").len(), 1);
    });
}

#[test]
fn no_key_loosens_a_key_of_its_own_user() {
    play(async |world, organization| {
        organization.role("keys", &["access-keys:*", "roles:read"]).await;
        organization.role("clusters", &["clusters:*"]).await;
        let machine = organization.machine_with("m", &["keys", "clusters"]).await;
        let own = json!({"allowed_cidrs": ["127.0.0.0/8"], "roles": ["keys", "clusters"]});
        let itself = key_with(&organization.owner, organization, &machine, own).await;
        let off = organization.key(&machine, 30).await;
        organization.owner.patch(&organization.key_path(&off), json!({"active": false})).await.expect(200);
        world.forget_organizations().await;
        let caller = client(world, &itself);
        let (path, off) = (organization.key_path(&itself), organization.key_path(&off));
        each_is_refused(
            world,
            &caller,
            &[
                ("PATCH", path.clone(), json!({"allowed_cidrs": null})),
                ("PATCH", path.clone(), json!({"allowed_cidrs": ["127.0.0.0/8", "10.0.0.0/8"]})),
                ("PATCH", path.clone(), json!({"never_expires": true})),
                ("PATCH", path.clone(), json!({"expires_in_days": 60})),
                ("PATCH", off.clone(), json!({"active": true})),
                ("PATCH", off, json!({"never_expires": true})),
            ],
        )
        .await;
        caller.patch(&path, json!({"expires_in_days": 20, "allowed_cidrs": ["127.0.0.1"]})).await.expect(200);
        caller.patch(&path, json!({"roles": ["keys"]})).await.expect(200);
        let widened = [("PATCH", path.clone(), json!({"roles": ["keys", "clusters"]}))];
        each_is_refused(world, &caller, &widened).await;
        // An owner who signed in does all of it.
        let all = json!({"roles": ["keys", "clusters"], "allowed_cidrs": null, "never_expires": true});
        organization.owner.patch(&path, all).await.expect(200);
    });
}

#[test]
fn a_persons_own_key_loosens_none_of_their_keys_and_their_sign_in_does() {
    play(async |world, organization| {
        organization.invite("carol").await;
        let carol = world.person("carol");
        let bound = json!({"allowed_cidrs": ["127.0.0.0/8"]});
        let key = key_with(&carol, organization, "me", bound.clone()).await;
        let (path, by_key) = (organization.key_path(&key), client(world, &key));
        let other = organization.key_path(&key_with(&carol, organization, "me", json!({})).await);
        let new = organization.keys_of("me");
        each_is_refused(
            world,
            &by_key,
            &[
                ("PATCH", path.clone(), json!({"allowed_cidrs": null})),
                ("PATCH", other.clone(), json!({"never_expires": true})),
                // A secret of a key without networks would be one of a wider key.
                ("POST", format!("{other}/rotate"), Value::Null),
            ],
        )
        .await;
        by_key.patch(&other, json!({"name": "renamed", "allowed_cidrs": ["127.0.0.1"]})).await.expect(200);
        by_key.post(&format!("{other}/rotate"), Value::Null).await.expect(200);
        carol.delete(&other).await.expect(204);
        let wide = [("POST", new.clone(), json!({"name": "k", "expires_in_days": 1}))];
        each_is_refused(world, &by_key, &wide).await;
        key_with(&by_key, organization, "me", bound).await;
        carol.patch(&path, json!({"allowed_cidrs": null, "never_expires": true})).await.expect(200);
    });
}

#[test]
fn what_a_machines_key_makes_for_its_own_user_stays_within_its_networks_and_roles() {
    play(async |world, organization| {
        organization
            .owner
            .patch(&organization.path, json!({"policy": {"quota": {"machine": 9}}}))
            .await
            .expect(200);
        organization.role("keys", &["access-keys:*", "clusters:*", "roles:read"]).await;
        organization.role("reader", &["clusters:read"]).await;
        organization.role("backups", &["backups:*"]).await;
        let machine = organization.machine_with("m", &["keys"]).await;
        let bound = |roles: Value, networks: Value| json!({"roles": roles, "allowed_cidrs": networks});
        let own = bound(json!(["keys"]), json!(["127.0.0.0/8"]));
        let presented = key_with(&organization.owner, organization, &machine, own.clone()).await;
        let whole = organization.key_path(&organization.key(&machine, 30).await);
        world.forget_organizations().await;
        let caller = client(world, &presented);
        let keys = organization.keys_of("me");
        let new = |mut more: Value| {
            more["name"] = json!("successor");
            more["expires_in_days"] = json!(300);
            ("POST", keys.clone(), more)
        };
        each_is_refused(
            world,
            &caller,
            &[
                new(json!({})),
                new(json!({"roles": ["keys"]})),
                new(json!({"allowed_cidrs": ["127.0.0.1"]})),
                new(bound(json!(["keys"]), json!(["127.0.0.0/7"]))),
                new(bound(json!(["keys"]), json!(["127.0.0.1", "::/0"]))),
                new(bound(json!(["backups"]), json!(["127.0.0.1"]))),
                ("POST", format!("{whole}/rotate"), Value::Null),
            ],
        )
        .await;
        for within in [
            own,
            bound(json!(["reader"]), json!(["127.0.0.1"])),
            bound(json!([]), json!(["127.0.0.0/9", "127.128.0.0/9"])),
        ] {
            let (_, path, body) = new(within);
            caller.post(&path, body).await.expect(201);
        }
        let renewed = format!("{}/access-keys/current/rotate", organization.path);
        caller.post(&renewed, Value::Null).await.expect(200);
    });
}

#[test]
fn a_key_is_not_made_for_a_machine_that_got_more_rights_meanwhile() {
    play(async |world, organization| {
        let weak = machine_holding(world, organization, "keys", &["access-keys:*"]).await;
        let machine = organization.machine("m").await;
        world.forget_organizations().await;
        let (path, body) = (organization.keys_of(&machine), json!({"name": "k", "expires_in_days": 1}));
        let promote = async {
            organization.role("all", &["*"]).await;
            let roles = json!({"roles": ["all"]});
            organization.owner.patch(&organization.user_path(&machine), roles).await.expect(200);
        };
        let write = ("create-access-key", "TransactWriteItems", 1);
        let (made, ()) = world.while_held(write, weak.post(&path, body), promote).await;
        made.expect_problem(403, "forbidden");
        let of_machine = format!("USER#{machine}");
        assert!(world.items_of("KEY#").iter().all(|key| key["PK"] != of_machine.as_str()));
        assert_eq!(world.audit("access_key.created").len(), 1);
    });
}

#[test]
fn no_key_gives_a_restricted_key_of_its_own_user_more_roles_or_groups() {
    play(async |world, organization| {
        organization.role("keys", &["access-keys:*", "roles:read"]).await;
        let group = format!("{}/groups/keys", organization.path);
        organization.owner.put(&group, json!({"roles": ["keys"]})).await.expect(200);
        let machine = organization.machine_with("m", &["keys"]).await;
        let whole = organization.key(&machine, 30).await;
        let restricted = key_with(&organization.owner, organization, &machine, json!({"roles": []})).await;
        world.forget_organizations().await;
        let path = organization.key_path(&restricted);
        let change = |body: Value| ("PATCH", path.clone(), body);
        // The key holds all of it, and so does its user.
        each_is_refused(
            world,
            &client(world, &whole),
            &[change(json!({"roles": ["keys"]})), change(json!({"groups": ["keys"]}))],
        )
        .await;
        let both = json!({"roles": ["keys"], "groups": ["keys"]});
        organization.owner.patch(&path, both).await.expect(200);
    });
}

#[test]
fn a_key_that_is_deleted_meanwhile_makes_none_beyond_its_networks() {
    play(async |world, organization| {
        organization.role("keys", &["access-keys:*"]).await;
        let machine = organization.machine_with("m", &["keys"]).await;
        let bound = json!({"allowed_cidrs": ["127.0.0.0/8"]});
        let key = key_with(&organization.owner, organization, &machine, bound).await;
        world.forget_organizations().await;
        let delete = async { organization.owner.delete(&organization.key_path(&key)).await.expect(204) };
        let (caller, path) = (client(world, &key), organization.keys_of("me"));
        let create = caller.post(&path, json!({"name": "k", "expires_in_days": 1}));
        let (made, _) = world.while_held(("create-access-key", "Query", 1), create, delete).await;
        made.expect_problem(403, "forbidden");
        assert_eq!((world.items_of("KEY#").len(), world.audit("access_key.created").len()), (0, 1));
    });
}

//! Tests of the rules against privilege escalation, with users, callers and keys of any kind.

mod allowed;

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;

use super::*;
use crate::{
    Time,
    access_key::{AccessKey, ends_later},
    cidr,
    grant::effective,
    id::{KeyId, KeySuffix, OrganizationId, UserId},
    permission::covered,
    policy::{Policy, Preset},
    role::Label,
    text::Name,
    token::{KeyPrefix, SecretToken},
};

fn label(text: &str) -> Label {
    text.to_owned().try_into().unwrap()
}

fn labels(names: &[&str]) -> Vec<Label> {
    names.iter().map(|name| label(name)).collect()
}

fn held(texts: &[&str]) -> Vec<Permission> {
    texts.iter().map(|text| (*text).to_owned().try_into().unwrap()).collect()
}

fn role(name: &str, permissions: &[&str]) -> Role {
    let permissions = held(permissions);
    Role { name: label(name), permissions, description: None, updated_at: Time::from_seconds(0), version: 1 }
}

fn group(name: &str, roles: &[&str]) -> Group {
    let roles = labels(roles);
    Group { name: label(name), roles, description: None, updated_at: Time::from_seconds(0), version: 1 }
}

/// Makes roles and groups of the same names. `none` grants nothing; `missing` does not exist.
fn catalog() -> Catalog {
    let roles = [role("a", &["x:*"]), role("b", &["x:read", "y:read"]), role("c", &["*"]), role("none", &[])];
    let groups = [group("a", &["b"]), group("b", &["a", "missing"]), group("c", &["c"]), group("none", &[])];
    Catalog {
        roles: roles.into_iter().map(|role| (role.name.clone(), role)).collect(),
        groups: groups.into_iter().map(|group| (group.name.clone(), group)).collect(),
    }
}

fn key_of(user: &User) -> AccessKey {
    let key_id = KeyId::new(user.user_id, KeySuffix::random());
    let token = SecretToken::generate(&"ak".parse::<KeyPrefix>().unwrap(), key_id);
    let secret = serde_json::from_value(json!({"hash": "", "tag": "", "pepper": ""})).unwrap();
    let name = "key".to_owned().try_into().unwrap();
    AccessKey::new(&token, secret, user.organization_id, name, None, user.user_id, Time::from_seconds(0))
}

fn names() -> impl Strategy<Value = Vec<Label>> {
    vec(select(vec!["a", "b", "c", "none", "missing"]), 0..3).prop_map(|names| labels(&names))
}

fn any_permissions() -> impl Strategy<Value = Vec<Permission>> {
    vec(select(vec!["x:read", "x:*", "y:read", "roles:read", "users:write", "*"]), 0..4)
        .prop_map(|texts| held(&texts))
}

prop_compose! {
    fn any_user()(
        kind in select(vec![Kind::Owner, Kind::Normal, Kind::Machine]), roles in names(), groups in names(),
    ) -> User {
        let name = "user".to_owned().try_into().unwrap();
        let user = User::new(OrganizationId::random(), kind, name, None, Time::from_seconds(0));
        User { roles, groups, ..user }
    }
}

/// Gives a key other roles, groups, networks, expiry and switch.
fn altered(key: AccessKey) -> impl Strategy<Value = AccessKey> {
    let networks = vec(select(vec!["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "::/0"]), 1..3);
    let networks = option::of(networks.prop_map(|all| all.iter().map(|one| one.parse().unwrap()).collect()));
    let by = select(vec![None, Some(key.user_id()), Some(UserId::random())]);
    (option::of(names()), option::of(names()), networks, option::of(1..4_i64), by).prop_map(
        move |(roles, groups, allowed_cidrs, expiry, deactivated_by)| AccessKey {
            roles,
            groups,
            allowed_cidrs,
            deactivated_by,
            expires_at: expiry.map(Time::from_seconds),
            ..key.clone()
        },
    )
}

/// A user, a key of it, and the key after some change.
fn change() -> impl Strategy<Value = (User, AccessKey, AccessKey)> {
    any_user().prop_flat_map(|user| {
        let key = key_of(&user);
        (Just(user), altered(key.clone()), altered(key))
    })
}

fn holds(actor: &Actor, permissions: &[Permission]) -> bool {
    permissions.iter().all(|permission| covered(&actor.permissions, permission.as_str()))
}

fn holds_names(actor: &Actor, named: Names<'_>) -> bool {
    holds(actor, &permissions(grants_of(named.roles, named.groups, &catalog())))
}

fn stranger(kind: Kind, permissions: Vec<Permission>) -> Actor {
    Actor { user_id: UserId::random(), kind, permissions, key_id: None }
}

proptest! {
    #[test]
    fn whoever_changes_another_users_key_holds_what_it_can_do_before_and_after(
        (user, before, after) in change(), held in any_permissions(),
    ) {
        let (actor, catalog) = (stranger(Kind::Machine, held), catalog());
        if actor.may_change_key(Right::Held, &before, &after, &user, &catalog).is_ok() {
            prop_assert!(holds(&actor, &effective(&user, Some(&before), &catalog)));
            prop_assert!(holds(&actor, &effective(&user, Some(&after), &catalog)));
            let (roles, groups) = Names::of_key(after.restrictions()).not_in(Names::of_key(before.restrictions()));
            prop_assert!(holds_names(&actor, Names { roles: &roles, groups: &groups }), "in full");
        }
    }

    #[test]
    fn whoever_creates_a_key_for_another_user_holds_what_it_can_do(
        (user, key, _) in change(), held in any_permissions(),
    ) {
        let (actor, catalog) = (stranger(Kind::Machine, held), catalog());
        if actor.may_create_key(Right::Held, None, key.restrictions(), &user, &catalog).is_ok() {
            prop_assert!(holds(&actor, &effective(&user, Some(&key), &catalog)));
            prop_assert!(holds_names(&actor, Names::of_key(key.restrictions())));
        }
    }

    #[test]
    fn no_key_loosens_a_key_of_its_own_user(
        (user, before, after) in change(), itself: bool, right in select(vec![Right::Own, Right::Held]),
    ) {
        let presented = if itself { before.key_id } else { key_of(&user).key_id };
        let actor = Actor { user_id: user.user_id, kind: user.kind, permissions: held(&["*"]), key_id: Some(presented) };
        let allowed = actor.may_change_key(right, &before, &after, &user, &catalog()).is_ok();
        prop_assert!(!(allowed && loosens(&before, &after)));
    }

    #[test]
    fn what_a_key_makes_for_its_own_user_never_outgrows_it(
        (user, presented, made) in change(), later in any_user(), rotates: bool,
    ) {
        let catalog = catalog();
        let permissions = effective(&user, Some(&presented), &catalog);
        let actor = Actor { user_id: user.user_id, kind: user.kind, permissions, key_id: Some(presented.key_id) };
        let right = if user.kind == Kind::Machine || presented.is_narrowed() { Right::Held } else { Right::Own };
        let checked = if rotates {
            actor.may_rotate_key(right, Some(&presented), &made, &user, &catalog)
        } else {
            actor.may_create_key(right, Some(&presented), made.restrictions(), &user, &catalog)
        };
        if checked.is_ok() {
            prop_assert!(cidr::within(made.allowed_cidrs.as_deref(), presented.allowed_cidrs.as_deref()));
            // Whatever the user is given later.
            let later = User { user_id: user.user_id, ..later };
            let bound = effective(&later, Some(&presented), &catalog);
            let outgrown = effective(&later, Some(&made), &catalog);
            prop_assert!(outgrown.iter().all(|one| covered(&bound, one.as_str())), "{outgrown:?} {bound:?}");
        }
    }

    #[test]
    fn a_change_that_loosens_nothing_never_lets_a_key_do_more((user, before, after) in change()) {
        if !loosens(&before, &after) {
            let catalog = catalog();
            let bound = effective(&user, Some(&before), &catalog);
            prop_assert!(effective(&user, Some(&after), &catalog).iter().all(|one| covered(&bound, one.as_str())));
            prop_assert!(!ends_later(before.expires_at, after.expires_at));
            for address in ["10.1.2.3", "10.200.0.1", "192.0.2.1", "2001:db8::1"] {
                let address = Some(address.parse().unwrap());
                prop_assert!(before.may_be_used_from(address) || !after.may_be_used_from(address));
            }
        }
    }

    #[test]
    fn whoever_changes_a_user_holds_what_it_may_do_before_and_after(
        before in any_user(), wanted in any_user(), held in any_permissions(),
    ) {
        let (actor, catalog) = (stranger(Kind::Machine, held), catalog());
        let after = User { kind: wanted.kind, roles: wanted.roles, groups: wanted.groups, ..before.clone() };
        if actor.may_change_user(Right::Held, &before, &after, &catalog).is_ok() {
            prop_assert!(holds(&actor, &permissions(of_user(&before, &catalog))));
            prop_assert!(holds(&actor, &permissions(of_user(&after, &catalog))));
            prop_assert_eq!(before.kind == Kind::Machine, after.kind == Kind::Machine);
        }
        if actor.may_create_user(&after, &catalog).is_ok() {
            prop_assert!(holds(&actor, &permissions(of_user(&after, &catalog))));
        }
    }

    #[test]
    fn whoever_sets_or_removes_a_role_or_group_holds_what_it_grants(
        first in select(vec!["a", "b", "c", "none"]), second in names(), granted in any_permissions(),
        held in any_permissions(),
    ) {
        let (actor, catalog) = (stranger(Kind::Machine, held), catalog());
        let (role, group) = (&catalog.roles[&label(first)], &catalog.groups[&label(first)]);
        let new_role = Role { permissions: granted, ..role.clone() };
        let new_group = Group { roles: second, ..group.clone() };
        let of_group = |group: &Group| permissions(grants_of(&group.roles, &[], &catalog));
        prop_assert_eq!(actor.may_remove_role(role).is_ok(), holds(&actor, &role.permissions));
        prop_assert_eq!(actor.may_remove_group(group, &catalog).is_ok(), holds(&actor, &of_group(group)));
        prop_assert_eq!(
            actor.may_set_role(Some(role), &new_role).is_ok(),
            holds(&actor, &role.permissions) && holds(&actor, &new_role.permissions)
        );
        if actor.may_set_group(Some(group), &new_group, &catalog).is_ok() {
            prop_assert!(holds(&actor, &of_group(group)) && holds(&actor, &of_group(&new_group)));
        }
    }

    #[test]
    fn a_caller_who_sees_no_roles_cannot_tell_unknown_names_from_those_of_others(
        user in any_user(), roles in names(), groups in names(), held in any_permissions(), own: bool,
    ) {
        let catalog = catalog();
        let sees = |permission: &Permission| permission.covers("roles:read");
        let permissions = if own { permissions(of_user(&user, &catalog)) } else { held };
        prop_assume!(!permissions.iter().any(sees));
        let actor = stranger(Kind::Normal, permissions);
        let named = Names { roles: &roles, groups: &groups };
        match actor.may_name(named, own.then_some(&user), &catalog) {
            Ok(()) => {
                prop_assert!(holds_names(&actor, named));
                prop_assert!(roles.iter().all(|role| catalog.roles.contains_key(role)));
                prop_assert!(groups.iter().all(|group| catalog.groups.contains_key(group)));
            }
            Err(Error::Invalid { field, rule }) => {
                let (noun, all) = if field == "roles" { ("role", &roles) } else { ("group", &groups) };
                let alike = |name: &Label| rule == format!("{name} is no {noun} that you may name");
                prop_assert!(all.iter().any(alike), "{rule}");
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}

#[test]
fn a_suspended_organization_is_changed_by_a_signed_in_owner_and_fewer_notices_need_every_permission() {
    let (name, now): (Name, _) = ("Acme".to_owned().try_into().unwrap(), Time::from_seconds(0));
    let owner = User::new(OrganizationId::random(), Kind::Owner, name.clone(), None, now);
    let active = Organization::new(name, Policy::preset(Preset::Strict), &owner, now);
    let suspended = Organization { status: organization::Status::Suspended, ..active.clone() };
    let mut quiet = active.clone();
    quiet.policy.notices.days_before.clear();
    for (kind, permissions, with_key, [may_write, may_lift, may_silence]) in [
        (Kind::Owner, "*", false, [true, true, true]),
        (Kind::Owner, "*", true, [true, false, true]),
        (Kind::Normal, "*", false, [true, false, true]),
        (Kind::Normal, "organization:write", false, [true, false, false]),
    ] {
        let (permissions, key_id) = (held(&[permissions]), with_key.then(KeyId::random));
        let caller = Actor { user_id: UserId::random(), kind, permissions, key_id };
        let may = |before, after| caller.may_change_organization(before, after).is_ok();
        let found = [may(&active, &active), may(&suspended, &active), may(&active, &quiet)];
        assert_eq!(found, [may_write, may_lift, may_silence], "{caller:?}");
    }
}

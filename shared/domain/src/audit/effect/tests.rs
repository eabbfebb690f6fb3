//! Tests of effects: each change, its reverse, and several changes at once.

use serde_json::{Value, json};

use super::{Effect::*, *};
use crate::{
    Time,
    id::{OrganizationId, UserId},
    policy::{Policy, PolicyChange, Preset},
};

const AT: Time = Time::from_seconds(1_000_000);

fn labels(names: &[&str]) -> Vec<Label> {
    names.iter().map(|name| Label::try_from((*name).to_owned()).unwrap()).collect()
}

fn user() -> User {
    let name = "ann".to_owned().try_into().unwrap();
    User::new(OrganizationId::random(), Kind::Normal, name, None, AT)
}

fn key() -> AccessKey {
    let user_id = UserId::random();
    let key = json!({
        "key_id": format!("{user_id}00000000"), "organization_id": OrganizationId::random(), "name": "deploy",
        "expires_at": 2_000_000, "expiry_set_at": 1_000_000, "last_four": "0000", "created_at": 1_000_000,
        "secret": {"hash": "", "pepper": "1", "tag": ""}, "created_by": user_id,
        "updated_at": 1_000_000, "updated_by": user_id, "version": 1,
    });
    serde_json::from_value(key).unwrap()
}

fn networks(texts: &[&str]) -> Vec<cidr::Cidr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Checks the effect of a change of a key, and of the reverse.
fn of_key(there: Effect, back: Effect, change: impl FnOnce(&mut AccessKey)) {
    let before = key();
    let mut after = before.clone();
    change(&mut after);
    let found = (Effect::of_access_key(&before, &after), Effect::of_access_key(&after, &before));
    assert_eq!(found, (there, back));
}

#[test]
fn a_change_of_a_key_and_its_reverse_have_their_effects() {
    of_key(SwitchedOff, Lifted, |key| key.deactivated_by = Some(key.user_id()));
    of_key(Narrowed, Lifted, |key| key.roles = Some(labels(&["reader"])));
    of_key(Narrowed, Lifted, |key| key.groups = Some(vec![]));
    of_key(Narrowed, Lifted, |key| key.allowed_cidrs = Some(networks(&["192.0.2.0/24"])));
    of_key(Shortened, Lifted, |key| key.expires_at = Some(Time::from_seconds(1_999_999)));
    of_key(Lifted, Shortened, |key| key.expires_at = None);
    of_key(Other, Other, |key| key.name = "other".to_owned().try_into().unwrap());
}

#[test]
fn the_holder_of_a_switch_that_changes_switches_a_key_off() {
    let mut before = key();
    before.deactivated_by = Some(before.user_id());
    let mut after = before.clone();
    after.switch_off(UserId::random());
    assert_eq!(Effect::of_access_key(&before, &after), SwitchedOff);
}

#[test]
fn of_several_effects_the_one_that_restricts_most_counts() {
    let all = |key: &mut AccessKey, parts: u8| {
        key.expires_at = if parts & 1 == 0 { None } else { Some(AT) };
        key.allowed_cidrs = if parts & 2 == 0 { None } else { Some(networks(&["192.0.2.1"])) };
        key.deactivated_by = if parts & 4 == 0 { None } else { Some(key.user_id()) };
    };
    let by_parts =
        [Lifted, Shortened, Narrowed, Narrowed, SwitchedOff, SwitchedOff, SwitchedOff, SwitchedOff];
    for (parts, expected) in (0..).zip(by_parts) {
        let before = key();
        let mut after = before.clone();
        all(&mut after, parts);
        assert_eq!(Effect::of_access_key(&before, &after), expected, "{parts}");
    }
}

#[test]
fn names_and_networks_that_are_exchanged_narrow_and_those_that_are_added_lift() {
    let (mut one, mut other) = (key(), key());
    one.roles = Some(labels(&["a", "b"]));
    for (roles, expected) in
        [(vec!["a"], Narrowed), (vec!["a", "c"], Narrowed), (vec!["a", "b", "c"], Lifted)]
    {
        other.roles = Some(labels(&roles));
        assert_eq!(Effect::of_access_key(&one, &other), expected, "{roles:?}");
    }
    (one.roles, other.roles) = (None, None);
    one.allowed_cidrs = Some(networks(&["10.0.0.0/9", "10.128.0.0/9"]));
    for (texts, expected) in [
        (vec!["10.0.0.0/8"], Other),
        (vec!["0.0.0.0/0"], Lifted),
        (vec!["10.0.0.0/9"], Narrowed),
        (vec!["10.0.0.0/9", "11.0.0.0/8"], Narrowed),
    ] {
        other.allowed_cidrs = Some(networks(&texts));
        assert_eq!(Effect::of_access_key(&one, &other), expected, "{texts:?}");
    }
}

#[test]
fn a_change_of_a_user_and_its_reverse_have_their_effects() {
    let of_user = |there: Effect, back: Effect, change: fn(&mut User)| {
        let before = user();
        let mut after = before.clone();
        change(&mut after);
        assert_eq!((Effect::of_user(&before, &after), Effect::of_user(&after, &before)), (there, back));
    };
    of_user(Suspended, Lifted, |user| user.status = user::Status::Suspended);
    of_user(Lifted, Narrowed, |user| user.kind = Kind::Owner);
    of_user(Lifted, Narrowed, |user| user.roles = labels(&["reader"]));
    of_user(Lifted, Narrowed, |user| user.groups = labels(&["readers"]));
    of_user(Other, Other, |user| user.email = Some("ann@example.com".to_owned().try_into().unwrap()));
    of_user(Suspended, Narrowed, |user| {
        user.status = user::Status::Suspended;
        user.kind = Kind::Owner;
    });
}

#[test]
fn a_change_of_an_organization_and_its_reverse_have_their_effects() {
    let owner = User { kind: Kind::Owner, ..user() };
    let name = || "acme".to_owned().try_into().unwrap();
    let before = Organization::new(name(), Policy::preset(Preset::Strict), &owner, AT);
    let changed = |change: &dyn Fn(&mut Organization)| {
        let mut after = before.clone();
        change(&mut after);
        (Effect::of_organization(&before, &after), Effect::of_organization(&after, &before))
    };
    assert_eq!(changed(&|organization| organization.set_suspended(true, AT)), (Suspended, Lifted));
    let of_policy = |change: Value| {
        let change: PolicyChange = serde_json::from_value(change).unwrap();
        changed(&|organization| organization.policy = organization.policy.clone().changed(&change).unwrap())
    };
    for lifts in [
        json!({"quota": {"owner": 2}}),
        json!({"quota": {"normal": 2}}),
        json!({"quota": {"machine": 3}}),
        json!({"lifetime": {"min_seconds": 1}}),
        json!({"lifetime": {"max_seconds": 800 * 86_400}}),
        json!({"lifetime": {"allow_never": true}}),
        json!({"extension": "before_expiry"}),
        json!({"extension": "any_time"}),
        json!({"rotation": {"max_overlap_seconds": 30 * 86_400}}),
    ] {
        assert_eq!(of_policy(lifts.clone()), (Lifted, Narrowed), "{lifts}");
    }
    assert_eq!(of_policy(json!({"quota": {"owner": 0, "machine": 9}})), (Narrowed, Narrowed));
    assert_eq!(of_policy(json!({"notices": {"days_before": [1]}})), (Other, Other));
    assert_eq!(
        changed(&|organization| organization.name = "other".to_owned().try_into().unwrap()),
        (Other, Other)
    );
}

#[test]
fn a_role_or_group_that_loses_something_is_narrowed() {
    let role = |permissions: &[&str]| {
        let permissions = permissions.iter().map(|text| (*text).to_owned().try_into().unwrap()).collect();
        Role { name: labels(&["r"]).remove(0), permissions, description: None, updated_at: AT, version: 1 }
    };
    for (before, after, expected) in [
        (&["a:*"][..], &["a:b"][..], Narrowed),
        (&["a:b"], &["a:*"], Lifted),
        (&["a:*", "a:b"], &["a:*"], Other),
        (&["a:b"], &["a:c", "a:d"], Narrowed),
        (&[], &["*"], Lifted),
    ] {
        assert_eq!(Effect::of_role(&role(before), &role(after)), expected, "{before:?} {after:?}");
    }
    let group = |roles: &[&str]| Group {
        name: labels(&["g"]).remove(0),
        roles: labels(roles),
        description: None,
        updated_at: AT,
        version: 1,
    };
    for (before, after, expected) in
        [(&["a"][..], &["b"][..], Narrowed), (&["a"], &["a", "b"], Lifted), (&["a"], &["a"], Other)]
    {
        assert_eq!(Effect::of_group(&group(before), &group(after)), expected, "{before:?} {after:?}");
    }
}

#[test]
fn a_text_is_read_as_it_is_written() {
    for effect in Effect::ALL {
        assert_eq!(Effect::parse(effect.as_str()), Some(effect));
    }
    assert_eq!(Effect::parse("ended"), None);
    assert!(Effect::ALL.is_sorted());
}

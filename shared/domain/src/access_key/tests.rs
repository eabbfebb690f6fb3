//! Tests of a key's states and restrictions.

use super::*;
use crate::secret::Peppers;

const NOW: Time = Time::from_seconds(1_000_000);

fn key(expires_at: Option<Time>) -> AccessKey {
    let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
    let token = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
    let (secret, name) = (peppers.hash_secret(token.token()), "deploy".to_owned().try_into().unwrap());
    AccessKey::new(&token, secret, OrganizationId::random(), name, expires_at, UserId::random(), NOW)
}

fn labels(names: &[&str]) -> Vec<Label> {
    names.iter().map(|name| (*name).to_owned().try_into().unwrap()).collect()
}

#[test]
fn a_key_works_until_the_second_of_its_expiry_and_final_states_win() {
    for (left, is_off, is_revoked, status, is_live) in [
        (None, false, false, Status::Active, true),
        (Some(1), false, false, Status::Active, true),
        (Some(0), false, false, Status::Expired, false),
        (Some(-1), false, false, Status::Expired, false),
        (Some(1), true, false, Status::Inactive, true),
        (Some(0), true, false, Status::Expired, false),
        (Some(0), true, true, Status::Revoked, false),
        (None, false, true, Status::Revoked, false),
    ] {
        let mut key = key(left.map(|seconds| NOW.plus(seconds)));
        key.deactivated_by = is_off.then(UserId::random);
        key.revoked_at = is_revoked.then_some(NOW);
        let found = key.status(NOW);
        assert_eq!((found, found.is_live()), (status, is_live), "{left:?} {is_off} {is_revoked}");
    }
}

#[test]
fn only_a_later_end_or_none_ends_later() {
    let at = |seconds: Option<i64>| seconds.map(|seconds| NOW.plus(seconds));
    for (before, after, is_later) in [
        (Some(1), Some(2), true),
        (Some(1), None, true),
        (Some(1), Some(1), false),
        (Some(2), Some(1), false),
        (None, Some(1), false),
        (None, None, false),
    ] {
        assert_eq!(ends_later(at(before), at(after)), is_later, "{before:?} {after:?}");
    }
}

#[test]
fn a_key_grants_beyond_another_what_that_one_does_not_name() {
    let lists = [&["a"][..], &["b"], &["a", "b"], &[]].map(labels);
    let [a, b, ab, none] = lists.each_ref().map(Vec::as_slice);
    let restricted = |(roles, groups): (_, _)| Restrictions { roles, groups, allowed_cidrs: None };
    for (own, other, is_beyond) in [
        ((None, None), (None, None), false),
        ((Some(a), None), (None, None), false),
        ((None, None), (Some(a), None), true),
        ((Some(a), None), (Some(ab), None), false),
        ((Some(ab), None), (Some(a), None), true),
        ((None, Some(b)), (None, Some(a)), true),
        ((None, Some(b)), (None, Some(ab)), false),
        ((Some(none), None), (None, Some(a)), false),
    ] {
        let (own, other) = (restricted(own), restricted(other));
        assert_eq!(own.grants_beyond(&other), is_beyond, "{own:?} {other:?}");
    }
}

#[test]
fn either_list_narrows_a_key_also_an_empty_one() {
    let mut key = key(None);
    assert!(!key.is_narrowed());
    key.roles = Some(Vec::new());
    assert!(key.is_narrowed());
    (key.roles, key.groups) = (None, Some(Vec::new()));
    assert!(key.is_narrowed());
}

#[test]
fn a_key_is_used_from_its_networks_alone() {
    let mut key = key(None);
    let [inside, outside] = ["10.1.2.3", "192.0.2.1"].map(|address| address.parse().ok());
    assert!([inside, outside, None].into_iter().all(|address| key.may_be_used_from(address)));
    key.allowed_cidrs = Some(vec!["10.0.0.0/8".to_owned().try_into().unwrap()]);
    assert!(key.may_be_used_from(inside));
    assert!(!key.may_be_used_from(outside) && !key.may_be_used_from(None));
}

#[test]
fn whoever_switches_a_key_off_for_its_user_takes_the_switch_and_keeps_it() {
    let mut key = key(None);
    let (user, admin, other) = (key.user_id(), UserId::random(), UserId::random());
    for (by, switch) in [(user, user), (admin, admin), (other, admin), (user, admin)] {
        key.switch_off(by);
        assert_eq!(key.deactivated_by, Some(switch));
    }
}

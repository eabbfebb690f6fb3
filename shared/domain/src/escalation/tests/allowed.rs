//! What the rules against escalation allow.

use super::*;

fn user(kind: Kind) -> User {
    User::new(
        OrganizationId::random(),
        kind,
        "user".to_owned().try_into().unwrap(),
        None,
        Time::from_seconds(0),
    )
}

#[test]
fn a_person_s_key_is_switched_on_by_the_person_and_with_the_right_of_whoever_else_switched_it_off() {
    let (writes_users, nothing): (&[&str], &[&str]) = (&["users:write"], &[]);
    for (kind, is_by_user, is_user, permissions, expected) in [
        (Kind::Normal, true, true, nothing, true),
        (Kind::Normal, true, false, &["*"], false),
        (Kind::Normal, false, true, nothing, false),
        (Kind::Normal, false, true, writes_users, true),
        (Kind::Normal, false, false, nothing, false),
        (Kind::Normal, false, false, writes_users, true),
        (Kind::Machine, true, false, nothing, true),
        (Kind::Machine, false, false, nothing, true),
    ] {
        let user = user(kind);
        let by = if is_by_user { user.user_id } else { UserId::random() };
        let after = key_of(&user);
        let before = AccessKey { deactivated_by: Some(by), ..after.clone() };
        let (user_id, right) =
            if is_user { (user.user_id, Right::Own) } else { (UserId::random(), Right::Held) };
        let actor = Actor { user_id, ..stranger(Kind::Normal, held(permissions)) };
        let found = actor.may_change_key(right, &before, &after, &user, &catalog());
        assert_eq!(found.is_ok(), expected, "{kind:?} {is_by_user} {is_user} {permissions:?}");
    }
}

#[test]
fn a_key_ends_keys_of_its_user_sooner_and_not_later() {
    let user = user(Kind::Machine);
    let until = |seconds| AccessKey { expires_at: Some(Time::from_seconds(seconds)), ..key_of(&user) };
    let key_id = Some(KeyId::random());
    let actor = Actor { user_id: user.user_id, key_id, ..stranger(Kind::Machine, held(&["*"])) };
    let change =
        |before, after| actor.may_change_key(Right::Own, &until(before), &until(after), &user, &catalog());
    assert_eq!((change(2, 1).is_ok(), change(1, 2).is_ok()), (true, false));
}

#[test]
fn a_caller_names_what_they_hold_or_carry() {
    let catalog = catalog();
    let may_name = |permissions: &[&str], role: &str, own: Option<&User>| {
        let roles = labels(&[role]);
        let named = Names { roles: &roles, groups: &[] };
        stranger(Kind::Normal, held(permissions)).may_name(named, own, &catalog).is_ok()
    };
    assert!(may_name(&["x:*"], "a", None));
    assert!(!may_name(&["x:read"], "a", None));
    let carrier = User { roles: labels(&["none"]), ..user(Kind::Normal) };
    assert!(may_name(&[], "none", Some(&carrier)), "it grants nothing, but is carried");
    assert!(!may_name(&[], "none", Some(&user(Kind::Normal))));
}

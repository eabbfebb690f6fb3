//! Tests of the table of rights.

use super::*;

fn actor(kind: Kind, permissions: &[&str]) -> Actor {
    let permissions = permissions.iter().map(|p| (*p).to_owned().try_into().unwrap()).collect();
    Actor { user_id: UserId::random(), kind, permissions, key_id: None }
}

fn other(kind: Kind) -> Resource {
    Resource { user_id: UserId::random(), kind, key_id: None }
}

fn oneself(actor: &Actor) -> Resource {
    Resource { user_id: actor.user_id, kind: actor.kind, key_id: None }
}

#[test]
fn people_make_their_own_keys_and_nobody_else_does() {
    let (owner, normal) = (actor(Kind::Owner, &["*"]), actor(Kind::Normal, &[]));
    assert!(owner.may_for(Action::CreateKey, oneself(&owner)).is_ok());
    assert!(normal.may_for(Action::CreateKey, oneself(&normal)).is_ok());
    assert!(owner.may_for(Action::CreateKey, other(Kind::Machine)).is_ok());
    assert!(owner.may_for(Action::CreateKey, other(Kind::Normal)).is_err());
    assert!(owner.may_for(Action::CreateKey, other(Kind::Owner)).is_err());
    assert!(normal.may_for(Action::CreateKey, other(Kind::Machine)).is_err());
}

#[test]
fn machines_hold_what_their_roles_give() {
    let (bare, keyed) = (actor(Kind::Machine, &[]), actor(Kind::Machine, &["access-keys:*"]));
    assert!(bare.may_for(Action::ReadKey, oneself(&bare)).is_err());
    assert!(bare.may_for(Action::CreateKey, oneself(&bare)).is_err());
    assert!(keyed.may_for(Action::CreateKey, oneself(&keyed)).is_ok());
    assert!(keyed.may_for(Action::CreateKey, other(Kind::Normal)).is_err());
    assert!(keyed.may_for(Action::EndKey, other(Kind::Normal)).is_ok());
    assert!(keyed.may(Action::ListUsers).is_err());
}

#[test]
fn people_read_their_organization_and_machines_need_a_role() {
    for (kind, permissions, right) in [
        (Kind::Normal, &[][..], Some(Right::Own)),
        (Kind::Owner, &["*"], Some(Right::Held)),
        (Kind::Machine, &[], None),
        (Kind::Machine, &["organization:read"], Some(Right::Held)),
    ] {
        let caller = actor(kind, permissions);
        let read = caller.may_for(Action::ReadOrganization, oneself(&caller)).ok();
        assert_eq!(read, right, "{kind:?} {permissions:?}");
    }
}

#[test]
fn any_key_rotates_itself_and_no_other() {
    let (itself, other_key) = (KeyId::random(), KeyId::random());
    for kind in [Kind::Machine, Kind::Normal] {
        let caller = Actor { key_id: Some(itself), ..actor(kind, &[]) };
        let rotate =
            |key_id, resource: Resource| caller.may_for(Action::RotateKey, resource.with_key(key_id)).ok();
        assert_eq!(rotate(itself, oneself(&caller)), Some(Right::Itself));
        let own = (kind == Kind::Normal).then_some(Right::Own);
        assert_eq!(rotate(other_key, oneself(&caller)), own);
        assert_eq!(rotate(other_key, other(Kind::Normal)), None);
        assert!(caller.may_for(Action::RotateKey, other(Kind::Machine)).is_err());
        assert!(caller.may_for(Action::WriteKey, oneself(&caller).with_key(itself)).is_ok() == own.is_some());
    }
    let owner = actor(Kind::Owner, &["*"]);
    assert!(owner.may_for(Action::RotateKey, other(Kind::Machine)).is_ok());
    assert!(owner.may_for(Action::RotateKey, other(Kind::Normal)).is_err());
}

#[test]
fn people_leave_and_owners_delete_with_a_sign_in_alone() {
    let key_id = Some(KeyId::random());
    for (kind, permissions) in [(Kind::Owner, &["*"][..]), (Kind::Normal, &["users:*"]), (Kind::Normal, &[])]
    {
        let person = actor(kind, permissions);
        let with_key = Actor { key_id, ..person.clone() };
        let leave = |actor: &Actor| actor.may_for(Action::DeleteUser, oneself(actor)).ok();
        assert_eq!((leave(&person), leave(&with_key)), (Some(Right::Own), None));
        let removes = with_key.may_for(Action::DeleteUser, other(Kind::Normal)).is_ok();
        assert_eq!(removes, !permissions.is_empty());
        assert_eq!(person.may(Action::DeleteOrganization).is_ok(), kind == Kind::Owner);
        assert!(with_key.may(Action::DeleteOrganization).is_err());
    }
    let machine = Actor { key_id, ..actor(Kind::Machine, &["*"]) };
    assert!(machine.may_for(Action::DeleteUser, oneself(&machine)).is_ok());
    assert!(machine.may(Action::DeleteOrganization).is_err());
}

#[test]
fn an_inbox_is_its_persons_alone() {
    let (owner, normal) = (actor(Kind::Owner, &["*"]), actor(Kind::Normal, &[]));
    assert!(owner.may_for(Action::ReadInbox, oneself(&owner)).is_ok());
    assert!(normal.may_for(Action::ReadInbox, oneself(&normal)).is_ok());
    assert!(owner.may_for(Action::ReadInbox, oneself(&normal)).is_err());
    assert!(owner.may_for(Action::ReadInbox, other(Kind::Machine)).is_err());
    assert!(owner.may(Action::ReadInbox).is_err());
    let machine = actor(Kind::Machine, &["*"]);
    assert!(machine.may_for(Action::ReadInbox, oneself(&machine)).is_err());
}

#[test]
fn every_action_is_in_the_table_once() {
    for (action, ..) in &TABLE {
        assert_eq!(TABLE.iter().filter(|(listed, ..)| listed == action).count(), 1, "{action:?}");
    }
}

//! Tests of the rules for recipients.

use std::collections::BTreeSet;

use domain::{
    Time,
    id::KeyId,
    organization,
    policy::{Policy, Preset},
    secret::Peppers,
    token::SecretToken,
};

use super::*;

const NOW: Time = Time::from_seconds(1_000_000);

fn user(organization: &Organization, kind: Kind) -> User {
    let (name, email) = ("somebody".to_owned(), "somebody@example.com".to_owned());
    let (name, email) = (name.try_into().unwrap(), email.try_into().unwrap());
    let mut user = User::new(organization.organization_id, kind, name, Some(email), NOW);
    user.proven_email.clone_from(&user.email);
    user
}

fn organization(preset: Preset) -> Organization {
    Organization {
        organization_id: OrganizationId::random(),
        name: "Works".to_owned().try_into().unwrap(),
        status: organization::Status::Active,
        suspended_at: None,
        policy: Policy::preset(preset),
        owner_ids: BTreeSet::from([UserId::random(), UserId::random()]),
        entered_owner_ids: BTreeSet::new(),
        created_at: NOW,
        version: 1,
    }
}

fn key(user: &User, by: UserId) -> AccessKey {
    let key_id = KeyId::new(user.user_id, domain::id::KeySuffix::random());
    let token = SecretToken::generate(&"ak".parse().unwrap(), key_id);
    let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
    let name = "deploy".to_owned().try_into().unwrap();
    AccessKey::new(&token, peppers.hash_secret(token.token()), user.organization_id, name, Some(NOW), by, NOW)
}

fn owners(organization: &Organization) -> Vec<UserId> {
    organization.owner_ids.iter().copied().collect()
}

fn own(user_id: UserId) -> Candidate {
    Candidate { user_id, is_copy: false }
}

fn copies(organization: &Organization) -> Vec<Candidate> {
    owners(organization).into_iter().map(|user_id| Candidate { user_id, is_copy: true }).collect()
}

#[test]
fn strict_notifies_the_user_and_for_machines_the_owners_too() {
    let organization = organization(Preset::Strict);
    let (person, machine) = (user(&organization, Kind::Normal), user(&organization, Kind::Machine));
    let creator = owners(&organization)[0];
    assert_eq!(candidates(&key(&person, creator), &person, true, &organization), [own(person.user_id)]);
    let all = [vec![own(machine.user_id)], copies(&organization)].concat();
    assert_eq!(candidates(&key(&machine, creator), &machine, true, &organization), all);
}

#[test]
fn flexible_notifies_owners_creator_and_modifier_each_once() {
    let organization = organization(Preset::Flexible);
    let (person, creator) = (user(&organization, Kind::Normal), UserId::random());
    let mut key = key(&person, creator);
    let all = [vec![own(person.user_id)], copies(&organization), vec![own(creator)]].concat();
    assert_eq!(candidates(&key, &person, true, &organization), all);
    key.created_by = owners(&organization)[1];
    key.updated_by = person.user_id;
    assert_eq!(candidates(&key, &person, true, &organization), all[..3]);
}

#[test]
fn owners_are_notified_in_place_of_a_user_without_an_address() {
    let mut organization = organization(Preset::Strict);
    organization.policy.notices.recipients.owners_for_machines = false;
    let machine = user(&organization, Kind::Machine);
    let key = key(&machine, UserId::random());
    assert_eq!(candidates(&key, &machine, true, &organization), [own(machine.user_id)]);
    let all = [vec![own(machine.user_id)], copies(&organization)].concat();
    assert_eq!(candidates(&key, &machine, false, &organization), all);
}

#[test]
fn an_owner_is_the_user_of_its_own_key_and_no_copy() {
    let mut organization = organization(Preset::Flexible);
    let owner = user(&organization, Kind::Owner);
    organization.owner_ids = BTreeSet::from([owner.user_id]);
    assert_eq!(candidates(&key(&owner, owner.user_id), &owner, true, &organization), [own(owner.user_id)]);
}

#[test]
fn switches_are_honoured_except_for_copies() {
    let organization = organization(Preset::Strict);
    let mut user = user(&organization, Kind::Owner);
    user.notifications.key_expiring.email = false;
    user.notifications.key_expired.inbox = false;
    for (kind, is_copy, expected) in [
        (MessageKind::KeyExpiring, false, (false, true)),
        (MessageKind::KeyExpired, false, (true, false)),
        (MessageKind::KeyExpiring, true, (true, true)),
        (MessageKind::KeyExpired, true, (true, true)),
    ] {
        let channels = enabled_channels(&user, Channels::default(), is_copy, kind);
        assert_eq!((channels.email, channels.inbox), expected, "{kind:?}, {is_copy}");
    }
}

#[test]
fn keys_of_deleted_or_suspended_users_expire_without_a_notice() {
    let mut user = user(&organization(Preset::Strict), Kind::Normal);
    assert!(active_user(None).is_none());
    assert!(active_user(Some(&user)).is_some());
    for status in [Status::Suspended, Status::Deleted] {
        user.status = status;
        assert!(active_user(Some(&user)).is_none());
    }
}

#[test]
fn only_active_users_of_the_organization_are_reached_and_machines_by_mail_alone() {
    let organization = organization(Preset::Strict);
    let user = user(&organization, Kind::Normal);
    let reached = |change: fn(&mut User)| {
        let mut user = user.clone();
        change(&mut user);
        let channels = channels_of(&user, organization.organization_id);
        (channels.email, channels.inbox)
    };
    assert_eq!(reached(|_| ()), (true, true));
    assert_eq!(reached(|user| user.status = Status::Suspended), (false, false));
    assert_eq!(reached(|user| user.email = None), (false, true));
    assert_eq!(reached(|user| user.proven_email = None), (false, true));
    assert_eq!(reached(|user| user.kind = Kind::Machine), (true, false));
    assert_eq!(reached(|user| user.organization_id = OrganizationId::random()), (false, false));
}

use domain::{
    access_key::AccessKey,
    id::{OrganizationId, UserId},
    inbox::MessageKind,
    notification_preferences::Channels,
    organization::Organization,
    user::{Kind, Status, User},
};

/// Somebody whom the expiry of a key concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Concerned {
    pub(crate) user_id: UserId,
    /// Whether it is an owner's copy, which no switch turns off.
    pub(crate) is_copy: bool,
}

/// Names those whom the expiry of a key concerns, each once, the key's user first.
///
/// Where the key's user has no address, the owners stand in for it. The keys of a user that is not
/// active concern nobody: see [`announced_user`].
pub(crate) fn concerned(key: &AccessKey, user: &User, organization: &Organization) -> Vec<Concerned> {
    let tell = organization.policy.notices.tell;
    let machine = user.kind == Kind::Machine;
    let owners = tell.owners || user.email.is_none() || (machine && tell.owners_for_machines);
    let owners = organization.owner_ids.iter().filter(|_| owners);
    let own = |user_id| Concerned { user_id, is_copy: false };
    let all = [own(user.user_id)]
        .into_iter()
        .chain(owners.map(|owner| Concerned { user_id: *owner, is_copy: true }))
        .chain(tell.creator.then_some(own(key.created_by)))
        .chain(tell.modifier.then_some(own(key.updated_by)));
    let mut each: Vec<Concerned> = Vec::new();
    for one in all {
        if each.iter().all(|other| other.user_id != one.user_id) {
            each.push(one);
        }
    }
    each
}

/// Returns the user of a key whose expiry is announced: not those that are gone, deleted or suspended.
pub(crate) fn announced_user(user: Option<&User>) -> Option<&User> {
    user.filter(|user| user.status == Status::Active)
}

/// Returns the ways in which somebody can hear of keys of an organization: none unless it is an active
/// user of it.
pub(crate) fn reach(user: &User, organization_id: OrganizationId) -> Channels {
    let there = user.organization_id == organization_id && user.status == Status::Active;
    user.reached_by(Channels { email: there, inbox: there })
}

/// Returns the ways in which somebody hears of the expiry of a key: those that reach it and that it
/// left on.
pub(crate) fn ways(
    user: &User,
    is_copy: bool,
    event: MessageKind,
    organization_id: OrganizationId,
) -> Channels {
    let reach = reach(user, organization_id);
    let wanted = if is_copy { Channels::default() } else { user.notifications.channels(event) };
    Channels { email: reach.email && wanted.email, inbox: reach.inbox && wanted.inbox }
}

#[cfg(test)]
mod tests {
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
        User::new(organization.organization_id, kind, name, Some(email), NOW)
    }

    fn organization(preset: Preset) -> Organization {
        Organization {
            organization_id: OrganizationId::random(),
            name: "Works".to_owned().try_into().unwrap(),
            status: organization::Status::Active,
            policy: Policy::preset(preset),
            owner_ids: BTreeSet::from([UserId::random(), UserId::random()]),
            created_at: NOW,
            version: 1,
        }
    }

    fn key(user: &User, by: UserId) -> AccessKey {
        let key_id = KeyId::new(user.user_id, domain::id::KeySuffix::random());
        let token = SecretToken::generate(&"ak".parse().unwrap(), key_id);
        let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
        let name = "deploy".to_owned().try_into().unwrap();
        AccessKey::new(
            &token,
            peppers.hash_secret(token.token()),
            user.organization_id,
            name,
            Some(NOW),
            by,
            NOW,
        )
    }

    fn owners(organization: &Organization) -> Vec<UserId> {
        organization.owner_ids.iter().copied().collect()
    }

    fn own(user_id: UserId) -> Concerned {
        Concerned { user_id, is_copy: false }
    }

    fn copies(organization: &Organization) -> Vec<Concerned> {
        owners(organization).into_iter().map(|user_id| Concerned { user_id, is_copy: true }).collect()
    }

    #[test]
    fn strict_tells_the_user_and_of_machines_the_owners_too() {
        let organization = organization(Preset::Strict);
        let (person, machine) = (user(&organization, Kind::Normal), user(&organization, Kind::Machine));
        let creator = owners(&organization)[0];
        assert_eq!(concerned(&key(&person, creator), &person, &organization), [own(person.user_id)]);
        let all = [vec![own(machine.user_id)], copies(&organization)].concat();
        assert_eq!(concerned(&key(&machine, creator), &machine, &organization), all);
    }

    #[test]
    fn flexible_tells_owners_creator_and_modifier_each_once() {
        let organization = organization(Preset::Flexible);
        let (person, creator) = (user(&organization, Kind::Normal), UserId::random());
        let mut key = key(&person, creator);
        let all = [vec![own(person.user_id)], copies(&organization), vec![own(creator)]].concat();
        assert_eq!(concerned(&key, &person, &organization), all);
        key.created_by = owners(&organization)[1];
        key.updated_by = person.user_id;
        assert_eq!(concerned(&key, &person, &organization), all[..3]);
    }

    #[test]
    fn owners_stand_in_for_a_user_without_an_address() {
        let mut organization = organization(Preset::Strict);
        organization.policy.notices.tell.owners_for_machines = false;
        let mut machine = user(&organization, Kind::Machine);
        let key = key(&machine, UserId::random());
        assert_eq!(concerned(&key, &machine, &organization), [own(machine.user_id)]);
        machine.email = None;
        let all = [vec![own(machine.user_id)], copies(&organization)].concat();
        assert_eq!(concerned(&key, &machine, &organization), all);
    }

    #[test]
    fn an_owner_is_the_user_of_its_own_key_and_no_copy() {
        let mut organization = organization(Preset::Flexible);
        let owner = user(&organization, Kind::Owner);
        organization.owner_ids = BTreeSet::from([owner.user_id]);
        assert_eq!(concerned(&key(&owner, owner.user_id), &owner, &organization), [own(owner.user_id)]);
    }

    #[test]
    fn switches_are_honoured_except_for_copies() {
        let organization = organization(Preset::Strict);
        let mut user = user(&organization, Kind::Owner);
        user.notifications.key_expiring.email = false;
        user.notifications.key_expired.inbox = false;
        for (event, is_copy, told) in [
            (MessageKind::KeyExpiring, false, (false, true)),
            (MessageKind::KeyExpired, false, (true, false)),
            (MessageKind::KeyExpiring, true, (true, true)),
            (MessageKind::KeyExpired, true, (true, true)),
        ] {
            let ways = ways(&user, is_copy, event, organization.organization_id);
            assert_eq!((ways.email, ways.inbox), told, "{event:?}, {is_copy}");
        }
    }

    #[test]
    fn keys_of_users_that_are_gone_deleted_or_suspended_are_not_announced() {
        let mut user = user(&organization(Preset::Strict), Kind::Normal);
        assert!(announced_user(None).is_none());
        assert!(announced_user(Some(&user)).is_some());
        for status in [Status::Suspended, Status::Deleted] {
            user.status = status;
            assert!(announced_user(Some(&user)).is_none());
        }
    }

    #[test]
    fn only_active_users_of_the_organization_are_reached_and_machines_by_mail_alone() {
        let organization = organization(Preset::Strict);
        let user = user(&organization, Kind::Normal);
        let reached = |change: fn(&mut User)| {
            let mut user = user.clone();
            change(&mut user);
            let ways = reach(&user, organization.organization_id);
            (ways.email, ways.inbox)
        };
        assert_eq!(reached(|_| ()), (true, true));
        assert_eq!(reached(|user| user.status = Status::Suspended), (false, false));
        assert_eq!(reached(|user| user.email = None), (false, true));
        assert_eq!(reached(|user| user.kind = Kind::Machine), (true, false));
        assert_eq!(reached(|user| user.organization_id = OrganizationId::random()), (false, false));
    }
}

use domain::{
    access_key::AccessKey,
    id::{OrganizationId, UserId},
    organization::Organization,
    user::{Kind, Status, User},
};

/// Names those whom the expiry of a key concerns, each once, the key's user first.
///
/// Where the key's user has no address, the owners stand in for it. The keys of a user that is not
/// active concern nobody: see [`announced_user`].
pub(crate) fn concerned(key: &AccessKey, user: &User, organization: &Organization) -> Vec<UserId> {
    let tell = organization.policy.notices.tell;
    let user_hears = can_be_told(user, organization.organization_id);
    let machine = user.kind == Kind::Machine;
    let owners = tell.owners || !user_hears || (machine && tell.owners_for_machines);
    let all = user_hears
        .then_some(user.user_id)
        .into_iter()
        .chain(organization.owner_ids.iter().copied().filter(|_| owners))
        .chain(tell.creator.then_some(key.created_by))
        .chain(tell.modifier.then_some(key.updated_by));
    let mut each = Vec::new();
    for user_id in all {
        if !each.contains(&user_id) {
            each.push(user_id);
        }
    }
    each
}

/// Returns the user of a key whose expiry is announced: not those that are gone, deleted or suspended.
pub(crate) fn announced_user(user: Option<&User>) -> Option<&User> {
    user.filter(|user| user.status == Status::Active)
}

/// Tells whether a user can get mail about keys of an organization.
pub(crate) fn can_be_told(user: &User, organization_id: OrganizationId) -> bool {
    user.organization_id == organization_id && user.status == Status::Active && user.email.is_some()
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
        AccessKey::new(&token, peppers.seal(token.token()), user.organization_id, name, Some(NOW), by, NOW)
    }

    fn owners(organization: &Organization) -> Vec<UserId> {
        organization.owner_ids.iter().copied().collect()
    }

    #[test]
    fn strict_tells_the_user_and_of_machines_the_owners_too() {
        let organization = organization(Preset::Strict);
        let (person, machine) = (user(&organization, Kind::Normal), user(&organization, Kind::Machine));
        let creator = owners(&organization)[0];
        assert_eq!(concerned(&key(&person, creator), &person, &organization), [person.user_id]);
        let all = [vec![machine.user_id], owners(&organization)].concat();
        assert_eq!(concerned(&key(&machine, creator), &machine, &organization), all);
    }

    #[test]
    fn flexible_tells_owners_creator_and_modifier_each_once() {
        let organization = organization(Preset::Flexible);
        let (person, creator) = (user(&organization, Kind::Normal), UserId::random());
        let mut key = key(&person, creator);
        let all = [vec![person.user_id], owners(&organization), vec![creator]].concat();
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
        assert_eq!(concerned(&key, &machine, &organization), [machine.user_id]);
        machine.email = None;
        assert_eq!(concerned(&key, &machine, &organization), owners(&organization));
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
    fn only_active_users_of_the_organization_with_an_address_can_be_told() {
        let organization = organization(Preset::Strict);
        let user = user(&organization, Kind::Normal);
        let (mut suspended, mut silent) = (user.clone(), user.clone());
        suspended.status = Status::Suspended;
        silent.email = None;
        assert!(can_be_told(&user, organization.organization_id));
        assert!(!can_be_told(&suspended, organization.organization_id));
        assert!(!can_be_told(&silent, organization.organization_id));
        assert!(!can_be_told(&user, OrganizationId::random()));
    }
}

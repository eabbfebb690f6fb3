//! Quotas: how many live keys a user may hold.

use crate::{
    Error, Time,
    access_key::ends_later,
    id::KeySuffix,
    policy::Policy,
    user::{Status, User},
};

/// A free place in a user's quota, with the expired entries to remove when it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaSlot {
    /// Entries of `live_keys` that have expired.
    pub expired: Vec<KeySuffix>,
    /// Whether the key goes live or ends later. Its user must then still be active, and of the kind whose
    /// quota was checked, when the change is stored.
    pub extends: bool,
}

/// Checks that `user` may hold `wanted` more live keys at `now`.
///
/// Expired entries do not count, from the second of their expiry on. Refuses a user that is not active,
/// and more keys than the quota of the user's kind, also where `wanted` is 0.
pub fn check_quota(user: &User, policy: &Policy, wanted: usize, now: Time) -> Result<QuotaSlot, Error> {
    check_active(user)?;
    let expired = expired_entries(user, now);
    let quota = policy.quota.of(user.kind);
    if user.live_keys.len() - expired.len() + wanted > quota as usize {
        return Err(Error::QuotaExceeded { quota, kind: user.kind });
    }
    Ok(QuotaSlot { expired, extends: true })
}

/// Checks the quota for a key whose expiry moves from `before` to `after` at `now`; `None` means never.
///
/// A later expiry needs what a new key needs, in the quota now in force: the key counts among the live ones,
/// whether it still is one or has expired. An earlier expiry needs nothing, not even an active user.
pub fn check_quota_again(
    user: &User,
    policy: &Policy,
    suffix: KeySuffix,
    (before, after): (Option<Time>, Option<Time>),
    now: Time,
) -> Result<QuotaSlot, Error> {
    let expired = expired_entries(user, now);
    if !ends_later(before, after) {
        return Ok(QuotaSlot { expired, extends: false });
    }
    let others = user.live_keys.keys().filter(|one| **one != suffix && !expired.contains(one)).count();
    let quota = policy.quota.of(user.kind);
    check_active(user)?;
    if others >= quota as usize {
        return Err(Error::QuotaExceeded { quota, kind: user.kind });
    }
    Ok(QuotaSlot { expired, extends: true })
}

/// Checks that a user may get keys, or keys that live longer.
fn check_active(user: &User) -> Result<(), Error> {
    match user.status {
        Status::Active => Ok(()),
        Status::Suspended => Err(Error::Conflict("this user is suspended; lift the suspension first")),
        Status::Deleted => Err(Error::NotFound { what: "user" }),
    }
}

fn expired_entries(user: &User, now: Time) -> Vec<KeySuffix> {
    let expired = user.live_keys.iter().filter(|(_, expiry)| expiry.is_some_and(|expiry| expiry <= now));
    expired.map(|(suffix, _)| *suffix).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::OrganizationId, policy::Preset, user::Kind};

    fn machine(expiries: &[Option<i64>]) -> User {
        let name = "ci".to_owned().try_into().unwrap();
        let mut user = User::new(OrganizationId::random(), Kind::Machine, name, None, Time::from_seconds(0));
        user.live_keys = expiries.iter().map(|e| (KeySuffix::random(), e.map(Time::from_seconds))).collect();
        user
    }

    fn room(user: &User, wanted: usize) -> Result<usize, Error> {
        check_quota(user, &Policy::preset(Preset::Strict), wanted, Time::from_seconds(100))
            .map(|room| room.expired.len())
    }

    #[test]
    fn a_place_is_free_from_the_second_of_expiry() {
        assert_eq!(
            room(&machine(&[Some(101), None]), 1),
            Err(Error::QuotaExceeded { quota: 2, kind: Kind::Machine })
        );
        assert_eq!(room(&machine(&[Some(100), None]), 1), Ok(1));
        assert_eq!(room(&machine(&[]), 2), Ok(0));
        assert!(room(&machine(&[]), 3).is_err());
    }

    #[test]
    fn a_key_that_ends_later_needs_a_place_beside_the_other_live_keys() {
        let again = |user: &User, suffix, after| {
            let moved = (Some(Time::from_seconds(100)), Some(Time::from_seconds(after)));
            check_quota_again(user, &Policy::preset(Preset::Strict), suffix, moved, Time::from_seconds(100))
                .map(|slot| (slot.expired.len(), slot.extends))
        };
        let exceeded = Err(Error::QuotaExceeded { quota: 2, kind: Kind::Machine });
        let [one, two] = [machine(&[Some(101)]), machine(&[Some(101), None])];
        let suffix_of = |user: &User, position| *user.live_keys.keys().nth(position).unwrap();
        assert_eq!(again(&one, KeySuffix::random(), 101), Ok((0, true)), "one of two places is free");
        assert_eq!(again(&two, KeySuffix::random(), 101), exceeded);
        assert_eq!(again(&two, suffix_of(&two, 0), 101), Ok((0, true)), "it has one of the places");
        assert_eq!(again(&two, suffix_of(&two, 1), 101), Ok((0, true)));
        let expired = machine(&[Some(100), Some(101)]);
        assert_eq!(again(&expired, KeySuffix::random(), 101), Ok((1, true)));
        assert_eq!(again(&two, KeySuffix::random(), 100), Ok((0, false)), "it ends no later");
        let suspended = User { status: Status::Suspended, ..two.clone() };
        assert!(matches!(again(&suspended, suffix_of(&two, 0), 101), Err(Error::Conflict(_))));
        assert_eq!(again(&suspended, KeySuffix::random(), 99), Ok((0, false)));
    }

    #[test]
    fn a_user_that_may_not_act_gets_none() {
        let mut user = machine(&[]);
        user.status = Status::Suspended;
        assert!(matches!(room(&user, 1), Err(Error::Conflict(_))));
        user.status = Status::Deleted;
        assert_eq!(room(&user, 1), Err(Error::NotFound { what: "user" }));
    }
}

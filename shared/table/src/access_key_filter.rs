//! Filters of access-key lists, and the part of the index that each filter needs.

use domain::{
    Time,
    access_key::{AccessKey, Status},
    id::KeySuffix,
    search::{NamedId, Search},
    user::Kind,
};

use crate::{
    AccessKeyPosition, ListPosition,
    item_key::{AFTER_ALL_EXPIRIES, expiring_from},
};

/// A filter of keys; an absent member does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessKeyFilter {
    /// Their state.
    pub status: Option<Status>,
    /// The kind of their users.
    pub kind: Option<Kind>,
    /// They expire before this second. Keys that never expire do not match.
    pub expires_before: Option<Time>,
    /// They were last used before this second, or never.
    pub unused_since: Option<Time>,
    /// What they are searched for.
    pub search: Option<Search>,
}

impl AccessKeyFilter {
    /// Tells whether a key of a user of this kind matches.
    #[must_use]
    pub fn admits(&self, key: &AccessKey, kind: Kind, now: Time) -> bool {
        let before =
            |time: Option<Time>, end: Option<Time>| end.is_none_or(|end| time.is_some_and(|at| at < end));
        self.status.is_none_or(|status| key.status(now) == status)
            && self.kind.is_none_or(|wanted| wanted == kind)
            && before(key.expires_at, self.expires_before)
            && (key.last_used_at.is_none() || before(key.last_used_at, self.unused_since))
            && self.search.as_ref().is_none_or(|search| search.finds_key(key))
    }

    /// Reads a position in the list of an organization's keys with this filter; `None` for any other text.
    #[must_use]
    pub fn position(&self, text: &str) -> Option<ListPosition<AccessKeyPosition>> {
        ListPosition::parse(text, self.search.as_ref(), AccessKeyPosition::parse)
    }

    /// Reads a position in the list of a user's keys with this filter; `None` for any other text.
    #[must_use]
    pub fn position_of_user(&self, text: &str) -> Option<ListPosition<KeySuffix>> {
        ListPosition::parse(text, self.search.as_ref(), |text| KeySuffix::parse(text).ok())
    }

    /// Returns the id that is searched for.
    pub(crate) fn named(&self) -> Option<&NamedId> {
        self.search.as_ref()?.named()
    }

    /// Tells whether the search names this key by its id.
    pub(crate) fn names(&self, key: &AccessKey) -> bool {
        self.search.as_ref().is_some_and(|search| search.names_key(key.key_id))
    }

    /// Returns the range of the index that can hold matching keys; `None` if it is empty.
    pub(crate) fn index_range(&self, now: Time) -> Option<(String, String)> {
        let now_expired = expiring_from(now.plus(1));
        let first = match self.status {
            Some(Status::Active | Status::Inactive) => now_expired.clone(),
            _ => expiring_from(Time::from_seconds(0)),
        };
        let expired = (self.status == Some(Status::Expired)).then_some(now_expired);
        let ends = [self.expires_before.map(expiring_from), expired];
        let last = ends.into_iter().flatten().min().unwrap_or_else(|| AFTER_ALL_EXPIRIES.to_owned());
        (first < last).then_some((first, last))
    }

    /// Tells whether it leaves out any key of its range of the index.
    pub(crate) fn narrows_range(&self) -> bool {
        *self != Self { expires_before: self.expires_before, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{KeyId, OrganizationId, UserId},
        secret::Peppers,
        token::SecretToken,
    };

    use super::*;
    use crate::item_key::by_expiry;

    const NOW: Time = Time::from_seconds(1_000_000);

    fn key() -> AccessKey {
        let token = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
        let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
        let (name, secret) = ("deploy".to_owned().try_into().unwrap(), peppers.hash_secret(token.token()));
        AccessKey::new(&token, secret, OrganizationId::random(), name, None, UserId::random(), NOW)
    }

    /// Makes a key for each state, expiry and use, around `NOW`.
    fn keys() -> Vec<AccessKey> {
        let (mut keys, made) = (Vec::new(), key());
        for expires_at in [Some(NOW.plus(-1)), Some(NOW), Some(NOW.plus(1)), Some(NOW.plus(9)), None] {
            for state in 0..4 {
                for last_used_at in [None, Some(NOW.plus(-9)), Some(NOW.plus(-8))] {
                    let mut key = AccessKey { expires_at, ..made.clone() };
                    key.revoked_at = (state & 1 == 1).then_some(NOW);
                    key.deactivated_by = (state & 2 == 2).then(UserId::random);
                    key.last_used_at = last_used_at;
                    keys.push(key);
                }
            }
        }
        keys
    }

    fn count(keys: &[AccessKey], filter: &AccessKeyFilter) -> usize {
        keys.iter().filter(|key| filter.admits(key, Kind::Machine, NOW)).count()
    }

    #[test]
    fn each_filter_leaves_out_what_it_says_and_nothing_else() {
        let (keys, none) = (keys(), AccessKeyFilter::default());
        let count = |filter| count(&keys, &filter);
        assert_eq!(count(none.clone()), 60);
        let of = |status| count(AccessKeyFilter { status: Some(status), ..none.clone() });
        assert_eq!((of(Status::Revoked), of(Status::Expired)), (30, 12));
        assert_eq!((of(Status::Inactive), of(Status::Active)), (9, 9));
        let of = |kind| count(AccessKeyFilter { kind: Some(kind), ..none.clone() });
        assert_eq!((of(Kind::Machine), of(Kind::Normal), of(Kind::Owner)), (60, 0, 0));
        let before =
            |seconds| count(AccessKeyFilter { expires_before: Some(NOW.plus(seconds)), ..none.clone() });
        assert_eq!([-1, 0, 1, 9, 10].map(before), [0, 12, 24, 36, 48]);
        let unused =
            |seconds| count(AccessKeyFilter { unused_since: Some(NOW.plus(seconds)), ..none.clone() });
        assert_eq!([-9, -8, -7].map(unused), [20, 40, 60]);
    }

    #[test]
    fn no_key_that_is_asked_for_stands_outside_the_places() {
        let statuses = [
            None,
            Some(Status::Active),
            Some(Status::Inactive),
            Some(Status::Expired),
            Some(Status::Revoked),
        ];
        let keys = keys();
        for status in statuses {
            for before in [None, Some(-5), Some(0), Some(1), Some(2), Some(100)] {
                let expires_before = before.map(|seconds| NOW.plus(seconds));
                let filter = AccessKeyFilter { status, expires_before, ..AccessKeyFilter::default() };
                for key in keys.iter().filter(|key| filter.admits(key, Kind::Machine, NOW)) {
                    let (first, last) = filter.index_range(NOW).unwrap();
                    let place = by_expiry(key.expires_at, key.key_id);
                    assert!(first < place && place < last, "{filter:?} {place}");
                }
            }
        }
    }

    #[test]
    fn places_are_narrowed_by_what_expiry_decides() {
        let places = |status, before: Option<i64>| {
            let expires_before = before.map(|seconds| NOW.plus(seconds));
            AccessKeyFilter { status, expires_before, ..AccessKeyFilter::default() }.index_range(NOW)
        };
        let of = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        assert_eq!(places(None, None), of("000000000000", "never$"));
        assert_eq!(places(None, Some(5)), of("000000000000", "000001000005"));
        assert_eq!(places(Some(Status::Active), None), of("000001000001", "never$"));
        assert_eq!(places(Some(Status::Inactive), Some(5)), of("000001000001", "000001000005"));
        assert_eq!(places(Some(Status::Expired), Some(5)), of("000000000000", "000001000001"));
        assert_eq!(places(Some(Status::Active), Some(1)), None);
        assert_eq!(places(None, Some(-2_000_000)), None);
    }

    #[test]
    fn a_filter_by_expiry_alone_leaves_out_no_key_of_its_range() {
        let none = AccessKeyFilter::default();
        assert!(!none.narrows_range());
        assert!(!AccessKeyFilter { expires_before: Some(NOW), ..none.clone() }.narrows_range());
        for filter in [
            AccessKeyFilter { status: Some(Status::Active), ..none.clone() },
            AccessKeyFilter { kind: Some(Kind::Owner), ..none.clone() },
            AccessKeyFilter { unused_since: Some(NOW), ..none.clone() },
        ] {
            assert!(filter.narrows_range());
        }
    }
}

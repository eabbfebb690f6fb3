//! Filters of lists of users.

use domain::{
    id::UserId,
    search::Search,
    user::{Kind, Status, User},
};

use crate::ListPosition;

/// A filter of users; an absent member does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Their kind.
    pub kind: Option<Kind>,
    /// Their state.
    pub status: Option<Status>,
    /// What they are searched for.
    pub search: Option<Search>,
}

impl UserFilter {
    /// Tells whether a user matches. Deleted users do not.
    #[must_use]
    pub fn admits(&self, user: &User) -> bool {
        user.status != Status::Deleted
            && self.kind.is_none_or(|kind| user.kind == kind)
            && self.status.is_none_or(|status| user.status == status)
            && self.search.as_ref().is_none_or(|search| search.finds_user(user))
    }

    /// Reads a position in a list with this filter; `None` for any other text.
    #[must_use]
    pub fn position(&self, text: &str) -> Option<ListPosition<UserId>> {
        ListPosition::parse(text, self.search.as_ref(), |text| UserId::parse(text).ok())
    }

    /// Returns the user whose id is searched for.
    pub(crate) fn named(&self) -> Option<UserId> {
        Some(self.search.as_ref()?.named()?.user_id)
    }

    /// Tells whether it leaves any user out.
    pub(crate) fn narrows(&self) -> bool {
        *self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Time, id::OrganizationId};

    use super::*;

    #[test]
    fn each_filter_leaves_out_what_it_says_and_nothing_else() {
        let mut users = Vec::new();
        for kind in [Kind::Owner, Kind::Normal, Kind::Machine] {
            for status in [Status::Active, Status::Suspended, Status::Deleted] {
                for name in ["Deploy", "audit"] {
                    let (organization, name) =
                        (OrganizationId::random(), name.to_owned().try_into().unwrap());
                    let user = User::new(organization, kind, name, None, Time::from_seconds(0));
                    users.push(User { status, ..user });
                }
            }
        }
        let count = |filter: &UserFilter| users.iter().filter(|user| filter.admits(user)).count();
        let none = UserFilter::default();
        assert_eq!((count(&none), none.narrows()), (12, false));
        let search = |text: &str| Some(Search::parse(text, &"ak".parse().unwrap()).unwrap());
        for (filter, found) in [
            (UserFilter { kind: Some(Kind::Machine), ..none.clone() }, 4),
            (UserFilter { status: Some(Status::Suspended), ..none.clone() }, 6),
            (UserFilter { search: search("DEP"), ..none.clone() }, 6),
            (UserFilter { search: search(users[0].user_id.as_str()), ..none.clone() }, 1),
            (UserFilter { kind: Some(Kind::Owner), status: Some(Status::Active), search: search("dep") }, 1),
        ] {
            assert_eq!((count(&filter), filter.narrows()), (found, true), "{filter:?}");
        }
    }
}

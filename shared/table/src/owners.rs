//! The owners of an organization, and the organizations that a person owns.
//!
//! An organization names its active owners, and among them those who have signed in. A person's own item
//! names the organizations where they are such an owner. It is a set by subject, and no counter: one
//! condition on it holds against all creations of this person at once, adding and removing twice is
//! harmless, and no index has to be read, which would be a moment behind.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    limits::{MAX_OWNED, MAX_OWNERS, owns_too_many, too_many_owners},
    organization::Status,
    user::User,
};

use crate::{
    OnConditionFailed, Transaction,
    expression::Expression,
    item::{number, text},
    item_key,
};

/// The place of a user among the owners of its organization. Each place includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    None,
    /// In `owner_ids`.
    Active,
    /// Also in `entered_owner_ids`.
    Entered,
}

impl Place {
    fn of(user: Option<&User>) -> Self {
        match user {
            Some(user) if user.is_entered_owner() => Self::Entered,
            Some(user) if user.is_active_owner() => Self::Active,
            _ => Self::None,
        }
    }
}

impl Transaction<'_> {
    /// Moves a user into or out of its organization's owners, from one of its states to the next.
    ///
    /// Refused if the last owner who has signed in would go, if the organization would have too many owners,
    /// and if the person would own too many organizations.
    pub(crate) fn change_owners(&mut self, before: Option<&User>, after: Option<&User>) {
        let Some(user) = before.or(after) else { return };
        let (from, to) = (Place::of(before), Place::of(after));
        let (lower, higher) = (from.min(to), from.max(to));
        if lower == higher {
            return;
        }
        let sets = sets_between(lower, higher);
        let refuse = OnConditionFailed::Refuse;
        let (verb, condition, refusal) = if from > to {
            if from == Place::Entered {
                let another = Expression::new("size(entered_owner_ids) > :one").value(":one", number(1));
                ("DELETE", another, refuse(domain::Error::LastOwner))
            } else {
                ("DELETE", Expression::exists(), refuse(domain::Error::NotFound { what: "organization" }))
            }
        } else if from == Place::None {
            // Of an organization that is gone the size is unknown, and the condition fails too.
            let room = Expression::new("size(owner_ids) < :most").value(":most", number(MAX_OWNERS));
            ("ADD", room, refuse(too_many_owners()))
        } else {
            let kept = Expression::exists().and(" AND #status <> :deleted");
            let kept = kept.name("#status", "status").value(":deleted", text(Status::Deleted.as_str()));
            ("ADD", kept, refuse(domain::Error::NotFound { what: "organization" }))
        };
        let id = AttributeValue::Ss(vec![user.user_id.to_string()]);
        let change = Expression::new(format!("{verb} {sets}")).value(":owner", id);
        self.update(item_key::organization(user.organization_id), change, condition, refusal);
        match (before, after) {
            (_, Some(owner)) if to == Place::Entered => self.change_owned(owner, true),
            (Some(owner), _) if from == Place::Entered => self.change_owned(owner, false),
            _ => {}
        }
    }

    /// Adds an organization to those that a person owns, or removes it.
    ///
    /// Refused if the person owns [`MAX_OWNED`] others.
    pub(crate) fn change_owned(&mut self, owner: &User, owns: bool) {
        let Some(subject) = &owner.subject else { return };
        let organization_id = owner.organization_id.to_string();
        let id = AttributeValue::Ss(vec![organization_id.clone()]);
        if owns {
            let add = Expression::new("ADD organization_ids :owned").value(":owned", id);
            let free = Expression::new(
                "attribute_not_exists(organization_ids) OR size(organization_ids) < :most OR contains(organization_ids, :id)",
            );
            let free = free.value(":most", number(MAX_OWNED)).value(":id", text(organization_id));
            self.update(item_key::owned(subject), add, free, OnConditionFailed::Refuse(owns_too_many()));
        } else {
            let remove = Expression::new("DELETE organization_ids :owned").value(":owned", id);
            self.update(item_key::owned(subject), remove, Expression::default(), OnConditionFailed::Conflict);
        }
    }
}

/// Names the sets that a user enters from one place to a higher one, or leaves on the way back.
fn sets_between(lower: Place, higher: Place) -> String {
    let sets = [(Place::Active, "owner_ids :owner"), (Place::Entered, "entered_owner_ids :owner")];
    let sets = sets.iter().filter(|(place, _)| lower < *place && *place <= higher);
    sets.map(|(_, set)| *set).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_changes_the_sets_between_its_two_places() {
        for (lower, higher, sets) in [
            (Place::None, Place::Active, "owner_ids :owner"),
            (Place::Active, Place::Entered, "entered_owner_ids :owner"),
            (Place::None, Place::Entered, "owner_ids :owner, entered_owner_ids :owner"),
        ] {
            assert_eq!(sets_between(lower, higher), sets, "{lower:?} {higher:?}");
        }
    }
}

//! The organizations of a person: memberships first, then invitations.

use std::{collections::BTreeSet, fmt};

use domain::{
    id::OrganizationId,
    organization::{self, Organization},
    text::Email,
    user::{Kind, Status, User},
};

use crate::{
    Error, Page, Table,
    batch::BATCH_SIZE,
    item::decode,
    item_key::{self, ItemKey},
    sign_in::Pointer,
};

/// The most memberships and invitations of one page: each takes two items of a batch, the organization and
/// the link or claim.
const MAX_PAGE: usize = BATCH_SIZE / 2;

/// An organization with the person's user in it.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The organization.
    pub organization: Organization,
    /// The user. Without a sign-in of its own it is an invitation.
    pub user: User,
}

/// A position in the list: of an organization, or before the first invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipPosition {
    /// After the membership in this organization.
    Membership(OrganizationId),
    /// After all memberships.
    Invitations,
    /// After the invitation to this organization.
    Invitation(OrganizationId),
}

impl MembershipPosition {
    /// Reads a position as [`Display`](fmt::Display) writes it; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("member", id) => OrganizationId::parse(id).ok().map(Self::Membership),
            ("invited", "") => Some(Self::Invitations),
            ("invited", id) => OrganizationId::parse(id).ok().map(Self::Invitation),
            _ => None,
        }
    }
}

impl fmt::Display for MembershipPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Membership(id) => write!(formatter, "member:{id}"),
            Self::Invitations => formatter.write_str("invited:"),
            Self::Invitation(id) => write!(formatter, "invited:{id}"),
        }
    }
}

impl Table {
    /// Lists the organizations of a person: those where the sign-in is linked to a user, then those where a
    /// user without a sign-in claims the verified address. Both are sorted by id.
    ///
    /// `after` is the `next` of the page before. Deleted organizations, and those in which the person's user
    /// is not active, are left out, so a page may be short. So many invitations as there may be come after
    /// all memberships.
    pub async fn organizations_of(
        &self,
        subject: &str,
        email: Option<&Email>,
        after: Option<MembershipPosition>,
        limit: usize,
    ) -> Result<Page<Membership, MembershipPosition>, Error> {
        let limit = limit.min(MAX_PAGE);
        let (member, invited) = match after {
            None => (Some(None), None),
            Some(MembershipPosition::Membership(id)) => (Some(Some(id)), None),
            Some(MembershipPosition::Invitations) => (None, None),
            Some(MembershipPosition::Invitation(id)) => (None, Some(id)),
        };
        let (mut pointers, mut next): (Vec<(String, ItemKey)>, _) = (Vec::new(), None);
        if let Some(after) = member {
            let start = after.map(|id| (id.to_string(), item_key::subject(id, subject)));
            let partition = item_key::links_of_subject_partition(subject);
            let page = self.index_page(partition, None, start, limit).await?;
            pointers.extend(page.entries);
            next = last_id(&pointers).filter(|_| page.more).map(MembershipPosition::Membership);
            if next.is_none() && email.is_some() && pointers.len() == limit {
                next = Some(MembershipPosition::Invitations);
            }
        }
        let links = pointers.len();
        if let Some(email) = email.filter(|_| next.is_none()) {
            let start = invited.map(|id| (id.to_string(), item_key::email(id, email)));
            let partition = item_key::claims_of_email_partition(email);
            let page = self.index_page(partition, None, start, limit - pointers.len()).await?;
            pointers.extend(page.entries);
            next = last_id(&pointers).filter(|_| page.more).map(MembershipPosition::Invitation);
        }
        let items = self.memberships(pointers, links, subject, email).await?;
        Ok(Page { items, next })
    }

    /// Reads the users and organizations of links and claims, strongly, without those that do not count.
    ///
    /// The first `links` pointers are links. A claim counts until its user has signed in.
    async fn memberships(
        &self,
        pointers: Vec<(String, ItemKey)>,
        links: usize,
        subject: &str,
        email: Option<&Email>,
    ) -> Result<Vec<Membership>, Error> {
        let organization_of = |id: &str| OrganizationId::parse(id).ok().map(item_key::organization);
        let wanted: BTreeSet<_> = pointers
            .iter()
            .flat_map(|(id, pointer)| organization_of(id).into_iter().chain([pointer.clone()]))
            .collect();
        let found = self.batch(wanted).await?;
        let mut places = Vec::with_capacity(pointers.len());
        for (position, (id, pointer)) in pointers.into_iter().enumerate() {
            // One that is missing was removed since the index was written.
            if let (Some(organization), Some(item)) = (organization_of(&id), found.get(&pointer)) {
                let pointer: Pointer = decode("sign-in link or e-mail claim", item.clone())?;
                places.push((position < links, organization, item_key::user(pointer.user_id)));
            }
        }
        let users: BTreeSet<_> = places.iter().map(|(_, _, user)| user.clone()).collect();
        let users = self.batch(users).await?;
        let mut memberships = Vec::with_capacity(places.len());
        for (is_link, organization, user) in places {
            let (Some(organization), Some(user)) = (found.get(&organization), users.get(&user)) else {
                continue;
            };
            let organization: Organization = decode("organization", organization.clone())?;
            let user: User = decode("user", user.clone())?;
            let theirs = match &user.subject {
                Some(linked) => is_link && linked == subject,
                None => !is_link && user.email.as_ref().map(Email::key) == email.map(Email::key),
            };
            let is_active = user.status == Status::Active && user.kind != Kind::Machine;
            if theirs && is_active && organization.status != organization::Status::Deleted {
                memberships.push(Membership { organization, user });
            }
        }
        Ok(memberships)
    }
}

fn last_id(pointers: &[(String, ItemKey)]) -> Option<OrganizationId> {
    pointers.last().and_then(|(id, _)| OrganizationId::parse(id).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        use MembershipPosition::{Invitation, Invitations, Membership};
        let id = OrganizationId::random();
        for position in [Membership(id), Invitations, Invitation(id)] {
            assert_eq!(MembershipPosition::parse(&position.to_string()), Some(position));
        }
        for text in ["", "member", "member:", "owner:x", "invited:x"] {
            assert_eq!(MembershipPosition::parse(text), None, "{text}");
        }
    }
}

//! The organizations of a person: memberships first, then invitations.

use std::collections::BTreeSet;

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

/// A place in the list. It is written into cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After the membership in this organization.
    Membership(Option<OrganizationId>),
    /// After the invitation to this organization.
    Invitation(Option<OrganizationId>),
}

impl Place {
    /// Reads a place. One that cannot be read is the start.
    fn parse(text: Option<&str>) -> Self {
        let id = |text| OrganizationId::parse(text).ok();
        match text.and_then(|text| text.split_once(':')) {
            Some(("member", text)) => Self::Membership(id(text)),
            Some(("invited", text)) => Self::Invitation(id(text)),
            _ => Self::Membership(None),
        }
    }

    fn write(self) -> String {
        let (kind, id) = match self {
            Self::Membership(id) => ("member", id),
            Self::Invitation(id) => ("invited", id),
        };
        format!("{kind}:{}", id.map(|id| id.to_string()).unwrap_or_default())
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
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Membership>, Error> {
        let limit = limit.min(MAX_PAGE);
        let (mut pointers, mut next): (Vec<(String, ItemKey)>, _) = (Vec::new(), None);
        let start = Place::parse(after);
        if let Place::Membership(after) = start {
            let start = after.map(|id| (id.to_string(), item_key::subject(id, subject)));
            let partition = item_key::links_of_subject_partition(subject);
            let page = self.index_page(partition, None, start, limit).await?;
            pointers.extend(page.entries);
            let last = pointers.last().and_then(|(id, _)| OrganizationId::parse(id).ok());
            next = page.more.then_some(Place::Membership(last));
            if next.is_none() && email.is_some() && pointers.len() == limit {
                next = Some(Place::Invitation(None));
            }
        }
        let links = pointers.len();
        if let Some(email) = email.filter(|_| next.is_none()) {
            let after = if let Place::Invitation(after) = start { after } else { None };
            let start = after.map(|id| (id.to_string(), item_key::email(id, email)));
            let partition = item_key::claims_of_email_partition(email);
            let page = self.index_page(partition, None, start, limit - pointers.len()).await?;
            pointers.extend(page.entries);
            let last = pointers.last().and_then(|(id, _)| OrganizationId::parse(id).ok());
            next = page.more.then_some(Place::Invitation(last));
        }
        let items = self.memberships(pointers, links, subject, email).await?;
        Ok(Page { items, next: next.map(Place::write) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let id = OrganizationId::random();
        for place in [Place::Membership(Some(id)), Place::Invitation(Some(id)), Place::Invitation(None)] {
            assert_eq!(Place::parse(Some(&place.write())), place);
        }
        for text in [None, Some(""), Some("member"), Some("owner:x")] {
            assert_eq!(Place::parse(text), Place::Membership(None));
        }
    }
}

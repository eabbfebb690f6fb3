use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{audit, id::OrganizationId, organization::Organization, text::Email, user::User};

use crate::{
    Error, Page, Refusal, Table, Transaction,
    batch::BATCH,
    item::{Item, decode, encode},
    key::{self, Key},
};

/// Organizations looked at for one page: each costs a link or claim, itself and a user.
const PAGE: usize = BATCH / 2;

impl Table {
    /// Reads an organization, strongly.
    pub async fn organization(&self, organization_id: OrganizationId) -> Result<Option<Organization>, Error> {
        self.get("organization", key::organization(organization_id)).await
    }

    /// Creates an organization and its first owner, linked to the sign-in that asked for it.
    ///
    /// Tolerate: ids that are taken are refused as a conflict, which cannot happen by chance.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        owner: &User,
        events: &[audit::Event],
    ) -> Result<(), Error> {
        let taken = || Refusal::Because(domain::Error::Conflict("this id is taken; try again"));
        let mut transaction = Transaction::default();
        transaction.create(self, organization_item(organization), taken());
        self.add_user(&mut transaction, owner);
        for event in events {
            transaction.record(self, event);
        }
        self.commit(transaction).await
    }

    /// Changes an organization from the state in which it was read; its owners are changed elsewhere.
    ///
    /// Tolerate: [`Error::LostRace`] when it changed meanwhile; read it and decide again.
    pub async fn update_organization(
        &self,
        before: &Organization,
        after: &Organization,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::default();
        let organization = key::organization(before.organization_id);
        let (old, new) = (organization_item(before), organization_item(after));
        transaction.change(self, organization, &old, &new, Refusal::LostRace);
        transaction.record(self, event);
        self.commit(transaction).await
    }

    /// Lists the organizations of a person, those invited by a verified address included.
    ///
    /// `after` is the `next` of the page before.
    pub async fn organizations_of(
        &self,
        subject: &str,
        email: Option<&Email>,
        after: Option<OrganizationId>,
        limit: usize,
    ) -> Result<Page<Organization>, Error> {
        let limit = limit.min(PAGE);
        // The links and claims are read from the start: a person is in a handful of organizations.
        let mut found: BTreeMap<OrganizationId, bool> = BTreeMap::new();
        for organization_id in self.organizations_at(|id| key::links_of_subject(subject, id)).await? {
            found.insert(organization_id, true);
        }
        if let Some(email) = email {
            for organization_id in self.organizations_at(|id| key::claims_of_email(email, id)).await? {
                found.entry(organization_id).or_insert(false);
            }
        }
        let rest: Vec<_> =
            found.into_iter().filter(|(id, _)| after.is_none_or(|after| *id > after)).collect();
        let page = &rest[..rest.len().min(limit)];
        let mut items = self.batch(page.iter().map(|(id, _)| key::organization(*id))).await?;
        let mut organizations = Vec::with_capacity(page.len());
        for (organization_id, linked) in page {
            let Some(item) = items.remove(&key::organization(*organization_id)) else {
                continue;
            };
            let invited = match email {
                Some(email) if !linked => self.is_invited(*organization_id, email).await?,
                _ => true,
            };
            if invited {
                organizations.push(decode("organization", item)?);
            }
        }
        let next = (rest.len() > page.len()).then(|| page.last().map(|(id, _)| id.to_string())).flatten();
        Ok(Page { items: organizations, next })
    }

    async fn organizations_at(
        &self,
        place: impl Fn(OrganizationId) -> Key,
    ) -> Result<Vec<OrganizationId>, Error> {
        let partition = place(OrganizationId::parse(&"0".repeat(16)).expect("zeros are base62")).pk;
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let places = self.index_page(partition.clone(), after, BATCH).await?;
            found.extend(places.entries.iter().filter_map(|(sort, _)| OrganizationId::parse(sort).ok()));
            after = places.entries.into_iter().next_back();
            if !places.more || after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Tells whether the address is claimed by a user whom nobody has signed in as yet.
    async fn is_invited(&self, organization_id: OrganizationId, email: &Email) -> Result<bool, Error> {
        let Some(user_id) = self.claimed_user(organization_id, email).await? else {
            return Ok(false);
        };
        let user = self.user(user_id).await?;
        Ok(user.is_some_and(|user| user.subject.is_none() && user.status == domain::user::Status::Active))
    }
}

pub(crate) fn organization_item(organization: &Organization) -> Item {
    let mut item = encode(key::organization(organization.organization_id), organization);
    // A string set, so that one owner can be taken out of it without reading the others.
    let owners = organization.owner_ids.iter().map(ToString::to_string).collect();
    item.insert("owner_ids".to_owned(), AttributeValue::Ss(owners));
    item
}

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    audit,
    id::OrganizationId,
    organization::Organization,
    text::Email,
    user::{Kind, Status, User},
};

use crate::{
    Error, Page, Refusal, Table, Transaction,
    batch::BATCH,
    item::{Item, decode, encode},
    key::{self, Key},
    sign_in::Pointer,
};

/// Organizations looked at for one page: each costs itself, a link and a claim of one batch.
const PAGE: usize = BATCH / 3;

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
        let taken = || OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
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
    /// Tolerate: [`Error::Conflict`] when it changed meanwhile; read it and decide again.
    pub async fn update_organization(
        &self,
        before: &Organization,
        after: &Organization,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::default();
        let organization = key::organization(before.organization_id);
        let (old, new) = (organization_item(before), organization_item(after));
        transaction.change(self, organization, &old, &new, OnConditionFailed::Conflict);
        transaction.record(self, event);
        self.commit(transaction).await
    }

    /// Lists the organizations of a person, by id, those invited by a verified address included.
    ///
    /// `after` is the `next` of the page before. An organization in which the person's user may not
    /// act is left out, so that a page may be short.
    pub async fn organizations_of(
        &self,
        subject: &str,
        email: Option<&Email>,
        after: Option<OrganizationId>,
        limit: usize,
    ) -> Result<Page<Organization>, Error> {
        // Read from the start: a person is in a handful of organizations.
        let mut pointers = self.pointers(&key::links_of_subject_partition(subject)).await?;
        if let Some(email) = email {
            pointers.extend(self.pointers(&key::claims_of_email_partition(email)).await?);
        }
        let mut by_organization: BTreeMap<OrganizationId, BTreeSet<Key>> = BTreeMap::new();
        for (organization_id, pointer) in pointers {
            by_organization.entry(organization_id).or_default().insert(pointer);
        }
        let mut rest = by_organization.into_iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        let page: Vec<_> = rest.by_ref().take(limit.min(PAGE)).collect();
        let next = rest.next().and_then(|_| page.last()).map(|(id, _)| id.to_string());
        let wanted =
            page.iter().flat_map(|(id, pointers)| pointers.iter().cloned().chain([key::organization(*id)]));
        let mut items = self.batch(wanted).await?;
        let mut users = BTreeMap::new();
        for (organization_id, pointer) in
            page.iter().flat_map(|(id, all)| all.iter().map(move |one| (id, one)))
        {
            if let Some(item) = items.remove(pointer) {
                let pointer: Pointer = decode("sign-in link", item)?;
                users.insert(key::user(pointer.user_id), *organization_id);
            }
        }
        let mut open: BTreeSet<OrganizationId> = BTreeSet::new();
        for (user, item) in self.batch(users.keys().cloned()).await? {
            let person: User = decode("user", item)?;
            let theirs = person.subject.as_deref().is_none_or(|linked| linked == subject);
            if theirs && person.status == Status::Active && person.kind != Kind::Machine {
                open.extend(users.get(&user));
            }
        }
        let found = page.iter().filter(|(id, _)| open.contains(id));
        let items = found.filter_map(|(id, _)| items.remove(&key::organization(*id)));
        let items = items.map(|item| decode("organization", item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Reads where a partition of links or claims points to.
    async fn pointers(&self, partition: &str) -> Result<Vec<(OrganizationId, Key)>, Error> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let places = self.index_page(partition.to_owned(), None, after, BATCH).await?;
            after = places.entries.last().cloned().filter(|_| places.more);
            let read = places.entries.into_iter();
            found.extend(read.filter_map(|(sort, key)| Some((OrganizationId::parse(&sort).ok()?, key))));
            if after.is_none() {
                return Ok(found);
            }
        }
    }
}

pub(crate) fn organization_item(organization: &Organization) -> Item {
    let mut item = encode(key::organization(organization.organization_id), organization);
    // A string set, so that one owner can be taken out of it without reading the others.
    let owners = organization.owner_ids.iter().map(ToString::to_string).collect();
    item.insert("owner_ids".to_owned(), AttributeValue::Ss(owners));
    item
}

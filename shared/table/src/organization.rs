//! Organizations.

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
    Error, OnConditionFailed, Page, Table, Transaction,
    batch::BATCH_SIZE,
    item::{Item, decode, encode},
    item_key::{self, ItemKey},
    sign_in::Pointer,
};

/// The most organizations of one page: each takes three items of a batch, itself, a link and a claim.
const MAX_PAGE: usize = BATCH_SIZE / 3;

impl Table {
    /// Reads an organization, strongly.
    pub async fn organization(&self, organization_id: OrganizationId) -> Result<Option<Organization>, Error> {
        self.get("organization", item_key::organization(organization_id)).await
    }

    /// Creates an organization and its first owner, linked to the sign-in that asked for it.
    ///
    /// Refused if the person owns [`MAX_OWNED`](domain::limits::MAX_OWNED) organizations. A taken id is
    /// refused as a conflict. Random ids do not repeat.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        owner: &User,
        events: &[audit::Event],
    ) -> Result<(), Error> {
        let taken = || OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
        let mut transaction = Transaction::new(self);
        transaction.create(organization_item(organization), taken());
        transaction.add_user(owner);
        transaction.change_owned(owner, true);
        for event in events {
            transaction.record(event);
        }
        transaction.commit().await
    }

    /// Changes an organization from the state in which it was read. Its owners change with users.
    ///
    /// Fails with [`Error::Conflict`] if it changed meanwhile: read it and decide again.
    pub async fn update_organization(
        &self,
        before: &Organization,
        after: &Organization,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        let organization = item_key::organization(before.organization_id);
        let (old, new) = (organization_item(before), organization_item(after));
        transaction.change(organization, &old, &new, OnConditionFailed::Conflict);
        transaction.record(event);
        transaction.commit().await
    }

    /// Lists the organizations of a person, by id, those invited by a verified address included.
    ///
    /// `after` is the `next` of the page before. Organizations in which the person's user is not active are
    /// left out, so a page may be short.
    pub async fn organizations_of(
        &self,
        subject: &str,
        email: Option<&Email>,
        after: Option<OrganizationId>,
        limit: usize,
    ) -> Result<Page<Organization>, Error> {
        // Read from the start for each page: a person is in a handful of organizations.
        let mut pointers = self.pointers(&item_key::links_of_subject_partition(subject)).await?;
        if let Some(email) = email {
            pointers.extend(self.pointers(&item_key::claims_of_email_partition(email)).await?);
        }
        let mut by_organization: BTreeMap<OrganizationId, BTreeSet<ItemKey>> = BTreeMap::new();
        for (organization_id, pointer) in pointers {
            by_organization.entry(organization_id).or_default().insert(pointer);
        }
        let mut rest = by_organization.into_iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        let page: Vec<_> = rest.by_ref().take(limit.min(MAX_PAGE)).collect();
        let next = rest.next().and_then(|_| page.last()).map(|(id, _)| id.to_string());
        let wanted = page
            .iter()
            .flat_map(|(id, pointers)| pointers.iter().cloned().chain([item_key::organization(*id)]));
        let mut items = self.batch(wanted).await?;
        let mut users = BTreeMap::new();
        for (organization_id, pointer) in
            page.iter().flat_map(|(id, all)| all.iter().map(move |one| (id, one)))
        {
            if let Some(item) = items.remove(pointer) {
                let pointer: Pointer = decode("sign-in link", item)?;
                users.insert(item_key::user(pointer.user_id), *organization_id);
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
        let items = found.filter_map(|(id, _)| items.remove(&item_key::organization(*id)));
        let items = items.map(|item| decode("organization", item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Reads the keys of all links or claims of a partition.
    async fn pointers(&self, partition: &str) -> Result<Vec<(OrganizationId, ItemKey)>, Error> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let places = self.index_page(partition.to_owned(), None, after, BATCH_SIZE).await?;
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
    let mut item = encode(item_key::organization(organization.organization_id), organization);
    // A string set, so that one owner can be taken out of it without reading the others.
    for (name, ids) in
        [("owner_ids", &organization.owner_ids), ("entered_owner_ids", &organization.entered_owner_ids)]
    {
        let ids = ids.iter().map(ToString::to_string).collect();
        item.insert(name.to_owned(), AttributeValue::Ss(ids));
    }
    item
}

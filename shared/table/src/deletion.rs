//! The deletion of an organization: the mark, and the removal of its items.

use domain::{
    Time, audit,
    id::{OrganizationId, UserId},
    inbox::Message,
    notification::Notification,
    organization::{Organization, Status},
    user::{self, User},
};

use crate::{
    Error, MAX_ATTEMPTS, OnConditionFailed, Table, Transaction, backoff,
    batch::BATCH_SIZE,
    expression::Expression,
    item::{Item, key_of, number, text},
    item_key::{self, ItemKey},
    user::REMOVAL_DELAY,
};

impl Table {
    /// Marks an organization as deleted: refused and hidden at once.
    ///
    /// `owner` must be its only active owner who has signed in. [`Table::remove_organization`] removes its
    /// items afterwards; until then the organization is in the `due` index. Fails with [`Error::Conflict`] if
    /// the organization or its owners changed meanwhile: read it and decide again.
    pub async fn delete_organization(
        &self,
        organization: &Organization,
        owner: &User,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut due = Item::new();
        self.due_from(&mut due, organization.organization_id, event.at.plus(REMOVAL_DELAY));
        let mut change = Expression::new("SET #status = :deleted")
            .name("#status", "status")
            .value(":deleted", text(Status::Deleted.as_str()))
            .value(":one", number(1));
        for (name, value) in due {
            change = change.and(&format!(", {name} = :{name}")).value(&format!(":{name}"), value);
        }
        // Owners come and go without a new version of the organization.
        let unchanged = Expression::version(organization.version)
            .and(" AND size(entered_owner_ids) = :one AND contains(entered_owner_ids, :owner)")
            .value(":owner", text(owner.user_id));
        let mut transaction = Transaction::new(self);
        let key = item_key::organization(organization.organization_id);
        transaction.update(key, change.and(" ADD version :one"), unchanged, OnConditionFailed::Conflict);
        transaction.change_owned(owner, false);
        transaction.record(event);
        transaction.commit().await
    }

    /// Removes all items of an organization that is marked as deleted, except its audit events and the messages to
    /// former addresses.
    ///
    /// Each person with a proven address gets such a message first. The owner who deleted the organization is removed
    /// after all others, then the sign-in link, and the organization last. So this owner, or a run of
    /// notify-expiring-keys, can repeat an interrupted removal.
    pub async fn remove_organization(&self, organization_id: OrganizationId, now: Time) -> Result<(), Error> {
        let Some(organization) = self.organization(organization_id).await? else { return Ok(()) };
        if organization.status != Status::Deleted {
            return Ok(());
        }
        let owners = &organization.entered_owner_ids;
        let (mut author, mut last) = (None, Vec::new());
        for owner in owners {
            author = self.user(*owner).await?.or(author);
            let subject = author.as_ref().and_then(|owner| owner.subject.as_ref());
            last.extend(subject.map(|subject| item_key::subject(organization_id, subject)));
        }
        let mut after = None;
        loop {
            let page =
                self.index_page(item_key::users_partition(organization_id), None, after, BATCH_SIZE).await?;
            for (user_id, _) in &page.entries {
                if let Some(user_id) = UserId::parse(user_id).ok().filter(|id| !owners.contains(id)) {
                    if let Some(author) = &author {
                        let message = Message::organization_deleted(now, &organization.name, author);
                        self.notify_of_deletion(user_id, &message).await?;
                    }
                    self.remove_user(user_id).await?;
                }
            }
            after = page.entries.last().cloned().filter(|_| page.more);
            if after.is_none() {
                break;
            }
        }
        let organization = item_key::organization(organization_id);
        self.remove_partition(item_key::organization_partition(organization_id), |key| {
            *key == organization || last.contains(key) || item_key::is_parting_message(key)
        })
        .await?;
        for owner in owners {
            self.remove_user(*owner).await?;
        }
        for link in last {
            self.delete(link).await?;
        }
        self.delete(organization).await
    }

    /// Addresses a message to a person's proven address, and marks the person as deleted: one transaction, so that a
    /// repeated removal notifies nobody twice. Somebody who was deleted before is not notified again.
    async fn notify_of_deletion(&self, user_id: UserId, message: &Message) -> Result<(), Error> {
        for attempt in 0..MAX_ATTEMPTS {
            backoff(attempt).await;
            // A user that cannot be decoded has no address that could be read.
            let Some(Ok(user)) = self.users_by_id(&[user_id]).await?.remove(&user_id) else { return Ok(()) };
            let notification = Notification::to_former_address(&user, message.clone());
            let Some(notification) = notification.filter(|_| user.status != user::Status::Deleted) else {
                return Ok(());
            };
            let mut transaction = Transaction::new(self);
            transaction.notify(&notification);
            let mark = Expression::new("SET #status = :deleted ADD version :one")
                .name("#status", "status")
                .value(":deleted", text(user::Status::Deleted.as_str()))
                .value(":one", number(1));
            let unchanged = Expression::version(user.version);
            transaction.update(item_key::user(user_id), mark, unchanged, OnConditionFailed::Conflict);
            match transaction.commit().await {
                Err(Error::Conflict) => {}
                result => return result,
            }
        }
        Err(Error::Contended { operation: "TransactWriteItems" })
    }

    /// Removes the items of a partition, except those to keep.
    pub(crate) async fn remove_partition(
        &self,
        partition: String,
        keep: impl Fn(&ItemKey) -> bool,
    ) -> Result<(), Error> {
        let mut pages = self
            .query_strongly("PK = :partition", partition)
            .projection_expression("PK, SK")
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            if let Some(key) = key_of(&item).filter(|key| !keep(key)) {
                self.delete(key).await?;
            }
        }
        Ok(())
    }
}

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    audit,
    id::{OrganizationId, UserId},
    organization::Organization,
    text::Email,
    user::{Status, User},
};

use crate::{
    Error, Page, Refusal, Table, ChangeRecords, Transaction,
    access_key::StoredAccessKey,
    item::{Item, decode, encode, indexed, key_of, number, primary},
    key::{self, Key},
    sign_in::{claim_item, link_item, pointing_to},
    transaction::Expression,
};

/// Seconds after which a run of the notices removes what a deletion that was cut off left: until then
/// the request itself may be at it.
const REMOVED_AFTER: i64 = 60;

/// Users whom one change can tell: two steps of its transaction each, beside those of the change.
const TOLD: usize = 40;

impl Table {
    /// Reads a user, strongly.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, Error> {
        self.get("user", key::user(user_id)).await
    }

    /// Reads the active owners of an organization, strongly: the first 40, as many as one change can tell.
    ///
    /// One that cannot be read is left out: what threatens a key is told to the others all the same.
    pub async fn owners(&self, organization: &Organization) -> Result<Vec<User>, Error> {
        let ids: Vec<_> = organization.owner_ids.iter().copied().take(TOLD).collect();
        let owners = self.users_by_id(&ids).await?.into_values().flatten();
        Ok(owners.filter(User::is_active_owner).collect())
    }

    /// Lists the users of an organization, by id; `after` is the `next` of the page before.
    pub async fn users(
        &self,
        organization_id: OrganizationId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<User>, Error> {
        let start = after.map(|user_id| (user_id.to_string(), key::user(user_id)));
        let places = self.index_page(key::users_partition(organization_id), None, start, limit).await?;
        let mut items = self.batch(places.entries.iter().map(|(_, key)| key.clone())).await?;
        let users: Vec<User> = places
            .entries
            .iter()
            .filter_map(|(_, key)| items.remove(key))
            .map(|item| decode("user", item))
            .collect::<Result<_, _>>()?;
        let next = places.more.then(|| places.entries.last().map(|(sort, _)| sort.clone())).flatten();
        Ok(Page { items: users.into_iter().filter(|user| user.status != Status::Deleted).collect(), next })
    }

    /// Creates a user, with keys if any are given: all or nothing.
    ///
    /// `user.live_keys` must name exactly `keys`. Refused where the address is taken.
    pub async fn create_user(&self, user: &User, keys: &[StoredAccessKey<'_>], trail: ChangeRecords<'_>) -> Result<(), Error> {
        let mut transaction = Transaction::leaving(self, trail);
        self.add_user(&mut transaction, user);
        for key in keys {
            self.add_key_item(&mut transaction, *key);
        }
        if user.is_active_owner() {
            self.change_owner(&mut transaction, user, true);
        }
        self.commit(transaction).await
    }

    /// Changes a user from the state in which it was read.
    ///
    /// Its claim to an address, and its place among the active owners, change with it. Tolerate:
    /// [`Error::Conflict`] when the user changed meanwhile; read it and decide again.
    pub async fn update_user(&self, before: &User, after: &User, trail: ChangeRecords<'_>) -> Result<(), Error> {
        let mut transaction = Transaction::leaving(self, trail);
        let user = key::user(before.user_id);
        transaction.change(self, user, &user_item(before), &user_item(after), OnConditionFailed::Conflict);
        self.change_claim(&mut transaction, before, after);
        match (before.is_active_owner(), after.is_active_owner()) {
            (false, true) => self.change_owner(&mut transaction, after, true),
            (true, false) => self.change_owner(&mut transaction, after, false),
            _ => {}
        }
        self.commit(transaction).await
    }

    /// Marks a user deleted: refused at once, hidden, its address and sign-in free for others.
    ///
    /// What belongs to it is removed by [`Table::remove_user`] afterwards; until then the `due` index
    /// names the user. Tolerate: [`Error::Conflict`] when the user changed meanwhile; read it and
    /// decide again.
    pub async fn delete_user(&self, user: &User, event: &audit::Event) -> Result<(), Error> {
        let mut after = user.clone();
        after.status = Status::Deleted;
        after.email = None;
        after.subject = None;
        after.version += 1;
        let mut marked = user_item(&after);
        self.due_from(&mut marked, user.organization_id, event.at.plus(REMOVED_AFTER));
        let mut transaction = Transaction::default();
        transaction.change(self, key::user(user.user_id), &user_item(user), &marked, OnConditionFailed::Conflict);
        self.change_claim(&mut transaction, user, &after);
        if let Some(subject) = &user.subject {
            let ours = pointing_to(user);
            transaction.delete(self, key::subject(user.organization_id, subject), ours, OnConditionFailed::Conflict);
        }
        if user.is_active_owner() {
            self.change_owner(&mut transaction, user, false);
        }
        transaction.record(self, event);
        self.commit(transaction).await
    }

    /// Removes all that belongs to a user that is marked deleted, and the user last.
    ///
    /// Cut off half-way, it leaves a user that is still marked; calling it again goes on.
    pub async fn remove_user(&self, user_id: UserId) -> Result<(), Error> {
        let user = key::user(user_id);
        let mut pages = self
            .query_strongly("PK = :partition", key::user_partition(user_id))
            .projection_expression("PK, SK")
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            if let Some(key) = key_of(&item).filter(|key| *key != user) {
                self.delete(key).await?;
            }
        }
        self.delete(user).await
    }

    pub(crate) async fn delete(&self, key: Key) -> Result<(), Error> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(primary(key)));
        request.send().await.map(|_| ()).map_err(|error| Error::failed("DeleteItem", error))
    }

    /// Moves a user's claim from the address it had to the one it gets.
    fn change_claim(&self, transaction: &mut Transaction, before: &User, after: &User) {
        let key = |user: &User| user.email.as_ref().map(Email::key);
        if key(before) == key(after) {
            return;
        }
        if let Some(old) = &before.email {
            let ours = pointing_to(before);
            transaction.delete(self, key::email(before.organization_id, old), ours, OnConditionFailed::Conflict);
        }
        if let Some(new) = &after.email {
            let taken = OnConditionFailed::Refuse(domain::Error::EmailTaken);
            transaction.create(self, claim_item(after, new), taken);
        }
    }

    /// Adds a user with its claim and link.
    pub(crate) fn add_user(&self, transaction: &mut Transaction, user: &User) {
        let taken = OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
        transaction.create(self, user_item(user), taken);
        if let Some(email) = &user.email {
            transaction.create(self, claim_item(user, email), OnConditionFailed::Refuse(domain::Error::EmailTaken));
        }
        if let Some(subject) = &user.subject {
            let linked = domain::Error::Conflict("this sign-in already has a user in this organization");
            transaction.create(self, link_item(user, subject), OnConditionFailed::Refuse(linked));
        }
    }

    /// Counts an owner among the active ones, or takes it out while another remains.
    fn change_owner(&self, transaction: &mut Transaction, user: &User, active: bool) {
        let organization = key::organization(user.organization_id);
        let id = AttributeValue::Ss(vec![user.user_id.to_string()]);
        if active {
            let add = Expression::new("ADD owner_ids :owner").value(":owner", id);
            let gone = OnConditionFailed::Refuse(domain::Error::NotFound { what: "organization" });
            transaction.update(self, organization, add, "attribute_exists(PK)", gone);
        } else {
            let remove =
                Expression::new("DELETE owner_ids :owner").value(":owner", id).value(":one", number(1));
            let last = OnConditionFailed::Refuse(domain::Error::LastOwner);
            transaction.update(self, organization, remove, "size(owner_ids) > :one", last);
        }
    }
}

fn user_item(user: &User) -> Item {
    let item = encode(key::user(user.user_id), user);
    indexed(item, key::users(user.organization_id, user.user_id))
}

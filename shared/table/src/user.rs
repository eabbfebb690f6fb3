//! Users, with their e-mail claims, sign-in links and places among the owners.

use domain::{
    Time,
    id::UserId,
    text::Email,
    user::{Kind, Status, User},
};

use crate::{
    ChangeRecords, Error, OnConditionFailed, Table, Transaction,
    access_key::StoredAccessKey,
    item::{Item, encode, indexed, primary},
    item_key::{self, ItemKey},
    sign_in::{claim_item, link_item, pointing_to},
    single_write::delete,
};

/// Seconds until notify-expiring-keys removes the rest of a deleted user or organization. Until then the
/// request itself may still be removing it.
pub(crate) const REMOVAL_DELAY: i64 = 60;

impl Table {
    /// Reads a user, strongly.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, Error> {
        self.get("user", item_key::user(user_id)).await
    }

    /// Creates a user, with keys if any are given: all or nothing.
    ///
    /// `user.live_keys` must name exactly `keys`. Refused where the address is taken.
    ///
    /// Model: `sign_in::Action::Create`.
    pub async fn create_user(
        &self,
        user: &User,
        keys: &[StoredAccessKey<'_>],
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        transaction.add_user(user);
        for key in keys {
            transaction.add_access_key(*key);
        }
        transaction.change_owners(None, Some(user));
        transaction.commit().await
    }

    /// Changes a user from the state in which it was read.
    ///
    /// Its e-mail claim and its place among the active owners change with it. If it lifts a suspension, what is owed to
    /// the user becomes due again. Fails with [`Error::Conflict`] if the user changed meanwhile: read it and decide again.
    ///
    /// Model: `quota::Action::ChangeUser`, `sign_in::Action::Change`, `notices::Action::Commit`.
    pub async fn update_user(
        &self,
        before: &User,
        after: &User,
        at: Time,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        let user = item_key::user(before.user_id);
        transaction.change(user, &user_item(before), &user_item(after), OnConditionFailed::Conflict);
        transaction.change_claim(before, after);
        transaction.change_owners(Some(before), Some(after));
        transaction.rearm_user(before, after, at);
        transaction.commit().await
    }

    /// Marks a user deleted: refused at once, hidden, its address and sign-in free for others.
    ///
    /// [`Table::remove_user`] removes its items afterwards. Until then the user is in the `due` index.
    ///
    /// Fails with [`Error::Conflict`] if the user changed meanwhile: read it and decide again.
    ///
    /// Model: `quota::Action::MarkUser`, `sign_in::Action::Mark`.
    pub async fn delete_user(&self, user: &User, at: Time, records: ChangeRecords<'_>) -> Result<(), Error> {
        let mut after = user.clone();
        after.status = Status::Deleted;
        after.set_email(None);
        after.subject = None;
        after.version += 1;
        let mut marked = user_item(&after);
        self.due_from(&mut marked, user.organization_id, at.plus(REMOVAL_DELAY));
        let mut transaction = Transaction::with(self, records);
        transaction.change(
            item_key::user(user.user_id),
            &user_item(user),
            &marked,
            OnConditionFailed::Conflict,
        );
        transaction.change_claim(user, &after);
        if let Some(subject) = &user.subject {
            let ours = pointing_to(user);
            transaction.delete(
                item_key::subject(user.organization_id, subject),
                ours,
                OnConditionFailed::Conflict,
            );
        }
        transaction.change_owners(Some(user), None);
        transaction.commit().await
    }

    /// Removes all items of a user that is marked deleted, the user last.
    ///
    /// If it is cut off, the user stays marked, and calling it again goes on.
    ///
    /// Model: `quota::Action::RemoveKeys`, `quota::Action::RemoveUser`, `sign_in::Action::Remove`.
    pub async fn remove_user(&self, user_id: UserId) -> Result<(), Error> {
        let user = item_key::user(user_id);
        self.remove_partition(item_key::user_partition(user_id), |key| *key == user).await?;
        self.delete(user).await
    }

    pub(crate) async fn delete(&self, key: ItemKey) -> Result<(), Error> {
        delete(self.client.delete_item().table_name(&self.name).set_key(Some(primary(key)))).await
    }
}

impl Transaction<'_> {
    /// Moves a person's e-mail claim from the old address to the new one.
    fn change_claim(&mut self, before: &User, after: &User) {
        let key = |user: &User| claimed_address(user).map(Email::key);
        if key(before) == key(after) {
            return;
        }
        if let Some(old) = claimed_address(before) {
            let ours = pointing_to(before);
            self.delete(item_key::email(before.organization_id, old), ours, OnConditionFailed::Conflict);
        }
        if let Some(new) = claimed_address(after) {
            let taken = OnConditionFailed::Refuse(domain::Error::EmailTaken);
            self.create(claim_item(after, new), taken);
        }
    }

    /// Adds a user with its e-mail claim and sign-in link.
    pub(crate) fn add_user(&mut self, user: &User) {
        let taken = OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
        self.create(user_item(user), taken);
        if let Some(email) = claimed_address(user) {
            self.create(claim_item(user, email), OnConditionFailed::Refuse(domain::Error::EmailTaken));
        }
        if let Some(subject) = &user.subject {
            let linked = domain::Error::Conflict("this sign-in already has a user in this organization");
            self.create(link_item(user, subject), OnConditionFailed::Refuse(linked));
        }
    }
}

/// Returns the address that a person claims in the organization. A machine claims none: its mails may go to a
/// person's address.
fn claimed_address(user: &User) -> Option<&Email> {
    user.email.as_ref().filter(|_| user.kind != Kind::Machine)
}

fn user_item(user: &User) -> Item {
    let item = encode(item_key::user(user.user_id), user);
    indexed(item, item_key::users(user.organization_id, user.user_id))
}

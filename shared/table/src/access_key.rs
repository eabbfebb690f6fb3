//! Access keys: reads, and the transactions that create, change and end them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, UserId},
    quota::QuotaSlot,
    user::User,
};

use crate::{
    ChangeRecords, Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{Item, decode, encode, indexed, number, text},
    item_key,
};

/// A key and its user, read strongly in one batch. A batch is no snapshot: the two may be of different instants.
#[derive(Debug, Clone)]
pub struct KeyWithUser {
    /// The key.
    pub key: AccessKey,
    /// Its user.
    pub user: User,
}

/// A key as it is to be stored, with the instant of its first notice.
#[derive(Debug, Clone, Copy)]
pub struct StoredAccessKey<'a> {
    /// The key.
    pub key: &'a AccessKey,
    /// When its first notice is due; `None` if it never is.
    pub due_at: Option<Time>,
}

impl Table {
    /// Reads a key, strongly.
    pub async fn access_key(&self, key_id: KeyId) -> Result<Option<AccessKey>, Error> {
        self.get("access key", item_key::access_key(key_id)).await
    }

    /// Reads a key and its user together, strongly. `None` unless both are there.
    pub async fn access_key_and_user(&self, key_id: KeyId) -> Result<Option<KeyWithUser>, Error> {
        Ok(match self.access_key_or_user(key_id).await? {
            (Some(key), Some(user)) => Some(KeyWithUser { key, user }),
            _ => None,
        })
    }

    /// Reads a key and its user together, strongly. Each is `None` where it is not there.
    pub async fn access_key_or_user(
        &self,
        key_id: KeyId,
    ) -> Result<(Option<AccessKey>, Option<User>), Error> {
        let (key, user) = (item_key::access_key(key_id), item_key::user(key_id.user_id()));
        let mut items = self.batch([key.clone(), user.clone()]).await?;
        let (key, user) = (items.remove(&key), items.remove(&user));
        let key = key.map(|key| decode("access key", key)).transpose()?;
        Ok((key, user.map(|user| decode("user", user)).transpose()?))
    }

    /// Stores a new key in its quota slot.
    ///
    /// `user` is the user for whom the quota was checked. Fails with [`Error::Conflict`] if the user
    /// changed meanwhile: read it and check the quota again.
    ///
    /// Model: `quota::Action::Create`.
    pub async fn create_access_key(
        &self,
        new: StoredAccessKey<'_>,
        user: &User,
        slot: &QuotaSlot,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        transaction.take_slot(new.key, user, slot);
        transaction.add_access_key(new);
        transaction.commit().await
    }

    /// Changes a key from the state in which it was read.
    ///
    /// A changed expiry is written to `user.live_keys` in `slot`, and the key's notices start again at
    /// `after.due_at`. Fails with [`Error::Conflict`] if the key or its user
    /// changed meanwhile: read them and decide again.
    ///
    /// Model: `quota::Action::Update`, `notices::Action::Commit`, `digests::Action::Commit`.
    pub async fn update_access_key(
        &self,
        before: &AccessKey,
        after: StoredAccessKey<'_>,
        slot: Option<(&User, &QuotaSlot)>,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        let mut old = self.access_key_item(StoredAccessKey { key: before, due_at: None });
        if slot.is_some() {
            // Placeholders for the stored values, so that a new expiry always sets or removes both.
            old.extend(["due_shard", "due_at"].map(|name| (name.to_owned(), AttributeValue::Null(true))));
        }
        let new = self.access_key_item(StoredAccessKey { key: after.key, due_at: slot.and(after.due_at) });
        transaction.change(item_key::access_key(before.key_id), &old, &new, OnConditionFailed::Conflict);
        if let Some((user, slot)) = slot {
            transaction.take_slot(after.key, user, slot);
        }
        transaction.commit().await
    }

    /// Stores a key with its new secret, from the state in which it was read.
    ///
    /// A rotation does not move the user's version, so it checks the user's status itself. Fails with
    /// [`Error::Conflict`] if the key changed meanwhile or its user is no longer active: read both and decide again.
    ///
    /// Model: `quota::Action::Rotate`.
    pub async fn rotate_access_key(
        &self,
        before: &AccessKey,
        after: &AccessKey,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        let [old, new] =
            [before, after].map(|key| self.access_key_item(StoredAccessKey { key, due_at: None }));
        transaction.change(item_key::access_key(before.key_id), &old, &new, OnConditionFailed::Conflict);
        let is_active =
            Expression::new("#status = :active").name("#status", "status").value(":active", text("active"));
        let user = item_key::user(before.key_id.user_id());
        transaction.check(user, is_active, OnConditionFailed::Conflict);
        transaction.commit().await
    }

    /// Revokes a key from the state in which it was read, and frees its quota slot.
    ///
    /// Fails with [`Error::Conflict`] if the key changed meanwhile: read it and decide again.
    ///
    /// Model: `quota::Action::Revoke`, `notices::Action::Commit`, `digests::Action::Commit`.
    pub async fn revoke_access_key(
        &self,
        key: &AccessKey,
        by: UserId,
        now: Time,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let change = Expression::new(
            "SET revoked_at = :now, updated_at = :now, updated_by = :by, #ttl = :ttl ADD version :one REMOVE due_shard, due_at",
        )
        .value(":now", number(now.seconds()))
        .name("#ttl", "ttl")
        .value(":ttl", number(self.audit_kept_until(now).seconds()))
        .value(":by", text(by))
        .value(":one", number(1));
        let mut transaction = Transaction::with(self, records);
        let condition = Expression::version(key.version).and(" AND attribute_not_exists(revoked_at)");
        transaction.update(item_key::access_key(key.key_id), change, condition, OnConditionFailed::Conflict);
        transaction.free_slot(key.key_id);
        transaction.commit().await
    }

    /// Tells whether a key was revoked so long ago that its item may be cleaned up at any moment: as long as
    /// audit events are kept. From then on it does not exist for anybody, whether its item is there or not.
    #[must_use]
    pub fn is_forgotten(&self, key: &AccessKey, now: Time) -> bool {
        key.revoked_at.is_some_and(|revoked_at| self.audit_kept_until(revoked_at) <= now)
    }

    /// Removes a key, from the state in which it was read, and frees its quota slot.
    ///
    /// Fails with [`Error::Conflict`] if the key changed meanwhile: read it and decide again.
    ///
    /// Model: `quota::Action::Delete`, `notices::Action::Commit`.
    pub async fn delete_access_key(&self, key: &AccessKey, records: ChangeRecords<'_>) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        let unchanged = Expression::version(key.version);
        transaction.delete(item_key::access_key(key.key_id), unchanged, OnConditionFailed::Conflict);
        transaction.free_slot(key.key_id);
        transaction.commit().await
    }

    fn access_key_item(&self, StoredAccessKey { key, due_at }: StoredAccessKey<'_>) -> Item {
        let item = encode(item_key::access_key(key.key_id), key);
        let mut item = indexed(item, item_key::access_keys(key.organization_id, key.expires_at, key.key_id));
        if let Some(due_at) = due_at {
            self.due_from(&mut item, key.organization_id, due_at);
        }
        item
    }
}

impl Transaction<'_> {
    /// Adds a new key. Taking its quota slot is another step.
    pub(crate) fn add_access_key(&mut self, new: StoredAccessKey<'_>) {
        let taken = OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
        self.create(self.table.access_key_item(new), taken);
    }

    /// Adds a key and its expiry to its user's `live_keys`, and removes the expired entries.
    fn take_slot(&mut self, key: &AccessKey, user: &User, slot: &QuotaSlot) {
        let expiry = key.expires_at.map_or(AttributeValue::Null(true), |at| number(at.seconds()));
        let mut change = Expression::new("ADD version :one SET live_keys.#new = :expiry")
            .name("#new", key.key_id.suffix())
            .value(":expiry", expiry)
            .value(":one", number(1));
        let expired = slot.expired.iter().filter(|suffix| **suffix != key.key_id.suffix());
        for (position, suffix) in expired.enumerate() {
            let name = format!("#expired{position}");
            let clause = if position == 0 { " REMOVE " } else { ", " };
            change = change.and(&format!("{clause}live_keys.{name}")).name(&name, *suffix);
        }
        let as_read = Expression::version(user.version);
        let as_checked = if slot.extends {
            as_read
                .and(" AND #status = :active AND #kind = :kind")
                .name("#status", "status")
                .name("#kind", "kind")
                .value(":active", text("active"))
                .value(":kind", text(user.kind.as_str()))
        } else {
            as_read
        };
        self.update(item_key::user(user.user_id), change, as_checked, OnConditionFailed::Conflict);
    }

    /// Removes a key from its user's `live_keys`.
    ///
    /// The user's version moves, so that a request that decided on the old map decides again.
    fn free_slot(&mut self, key_id: KeyId) {
        let change = Expression::new("ADD version :one REMOVE live_keys.#key")
            .name("#key", key_id.suffix())
            .value(":one", number(1));
        let user = item_key::user(key_id.user_id());
        self.update(user, change, Expression::exists(), OnConditionFailed::Conflict);
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{KeyId, OrganizationId, UserId},
        secret::Peppers,
        token::SecretToken,
    };

    use super::*;
    use crate::item::tests::offline;

    #[test]
    fn a_revoked_key_is_forgotten_when_its_audit_events_are_no_longer_kept() {
        let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
        let token = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
        let (secret, name) = (peppers.hash_secret(token.token()), "key".to_owned().try_into().unwrap());
        let revoked_at = Time::from_seconds(1_000);
        let (organization_id, user_id) = (OrganizationId::random(), UserId::random());
        let mut key = AccessKey::new(&token, secret, organization_id, name, None, user_id, revoked_at);
        let kept_until = offline().audit_kept_until(revoked_at);
        assert!(!offline().is_forgotten(&key, kept_until), "it is not revoked");
        key.revoked_at = Some(revoked_at);
        assert!(!offline().is_forgotten(&key, kept_until.plus(-1)));
        assert!(offline().is_forgotten(&key, kept_until));
    }
}

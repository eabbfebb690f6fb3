use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, UserId},
    quota::QuotaSlot,
    user::User,
};

use crate::{
    Error, Refusal, Table, ChangeRecords, Transaction,
    item::{Item, decode, encode, indexed, number, text},
    key,
    transaction::Expression,
};

/// A key together with its user, as one strongly consistent read found them.
#[derive(Debug, Clone)]
pub struct KeyWithUser {
    /// The key.
    pub key: AccessKey,
    /// Its user.
    pub user: User,
}

/// A key to be stored, with the instant of its first notice.
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
        self.get("access key", key::access_key(key_id)).await
    }

    /// Reads a key and its user together, strongly. `None` unless both are there.
    pub async fn access_key_and_user(&self, key_id: KeyId) -> Result<Option<KeyWithUser>, Error> {
        let (key, user) = (key::access_key(key_id), key::user(key_id.user_id()));
        let mut items = self.batch([key.clone(), user.clone()]).await?;
        let (Some(key), Some(user)) = (items.remove(&key), items.remove(&user)) else {
            return Ok(None);
        };
        Ok(Some(KeyWithUser { key: decode("access key", key)?, user: decode("user", user)? }))
    }

    /// Stores a new key in the room found for it.
    ///
    /// `user` is the user as the room was found in it. Tolerate: [`Error::Conflict`] when the user
    /// changed meanwhile; read it and look for room again.
    pub async fn create_access_key(
        &self,
        new: StoredAccessKey<'_>,
        user: &User,
        room: &QuotaSlot,
        trail: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::leaving(self, trail);
        self.take_place(&mut transaction, new.key, user, room);
        self.add_key_item(&mut transaction, new);
        self.commit(transaction).await
    }

    /// Changes a key from the state in which it was read.
    ///
    /// A changed expiry takes its place in `user.live_keys` anew, in the room found for it; its
    /// notices start anew at `after.due_at`. Tolerate: [`Error::Conflict`] when the key or its user
    /// changed meanwhile; read them and decide again.
    pub async fn update_access_key(
        &self,
        before: &AccessKey,
        after: StoredAccessKey<'_>,
        place: Option<(&User, &QuotaSlot)>,
        trail: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::leaving(self, trail);
        let mut old = self.key_item(StoredAccessKey { key: before, due_at: None });
        if place.is_some() {
            // These stand for whatever is stored, or is not, so that a new expiry sets or removes both.
            old.extend(["due_shard", "due_at"].map(|name| (name.to_owned(), AttributeValue::Null(true))));
        }
        let new = self.key_item(StoredAccessKey { key: after.key, due_at: place.and(after.due_at) });
        transaction.change(self, key::access_key(before.key_id), &old, &new, OnConditionFailed::Conflict);
        if let Some((user, room)) = place {
            self.take_place(&mut transaction, after.key, user, room);
        }
        self.commit(transaction).await
    }

    /// Notes a key and its expiry in its user's `live_keys`, and clears away what has expired.
    fn take_place(&self, transaction: &mut Transaction, key: &AccessKey, user: &User, room: &QuotaSlot) {
        let expiry = key.expires_at.map_or(AttributeValue::Null(true), |at| number(at.seconds()));
        let mut change = Expression::new("ADD version :one SET live_keys.#new = :expiry")
            .name("#new", key.key_id.suffix())
            .value(":expiry", expiry);
        let expired = room.expired.iter().filter(|suffix| **suffix != key.key_id.suffix());
        for (position, suffix) in expired.enumerate() {
            let name = format!("#expired{position}");
            let clause = if position == 0 { " REMOVE " } else { ", " };
            change = change.and(&format!("{clause}live_keys.{name}")).name(&name, *suffix);
        }
        let change = change
            .name("#status", "status")
            .name("#kind", "kind")
            .value(":one", number(1))
            .value(":seen", number(user.version))
            .value(":active", text("active"))
            .value(":kind", text(user.kind.as_str()));
        let condition = "version = :seen AND #status = :active AND #kind = :kind";
        transaction.update(self, key::user(user.user_id), change, condition, OnConditionFailed::Conflict);
    }

    /// Ends a key for ever, from the state in which `key` was read, and frees its place.
    ///
    /// Tolerate: [`Error::Conflict`] when the key changed meanwhile; read it and decide again.
    pub async fn revoke_access_key(
        &self,
        key: &AccessKey,
        by: UserId,
        now: Time,
        trail: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let change = Expression::new(
            "SET revoked_at = :now, updated_at = :now, updated_by = :by ADD version :one REMOVE due_shard, due_at",
        )
        .value(":now", number(now.seconds()))
        .value(":by", text(by))
        .value(":one", number(1))
        .value(":seen", number(key.version));
        let mut transaction = Transaction::leaving(self, trail);
        let condition = "version = :seen AND attribute_not_exists(revoked_at)";
        transaction.update(self, key::access_key(key.key_id), change, condition, OnConditionFailed::Conflict);
        self.free_place(&mut transaction, key.key_id);
        self.commit(transaction).await
    }

    /// Removes a key, from the state in which it was read, and frees its place.
    ///
    /// Tolerate: [`Error::Conflict`] when the key changed meanwhile; read it and decide again.
    pub async fn delete_access_key(&self, key: &AccessKey, trail: ChangeRecords<'_>) -> Result<(), Error> {
        let mut transaction = Transaction::leaving(self, trail);
        let seen = Expression::new("version = :seen").value(":seen", number(key.version));
        transaction.delete(self, key::access_key(key.key_id), seen, OnConditionFailed::Conflict);
        self.free_place(&mut transaction, key.key_id);
        self.commit(transaction).await
    }

    pub(crate) fn add_key_item(&self, transaction: &mut Transaction, new: StoredAccessKey<'_>) {
        let taken = OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
        transaction.create(self, self.key_item(new), taken);
    }

    fn key_item(&self, StoredAccessKey { key, due_at }: StoredAccessKey<'_>) -> Item {
        let item = encode(key::access_key(key.key_id), key);
        let mut item = indexed(item, key::access_keys(key.organization_id, key.expires_at, key.key_id));
        if let Some(due_at) = due_at {
            self.due_from(&mut item, key.organization_id, due_at);
        }
        item
    }

    /// Takes a key out of its user's `live_keys`.
    ///
    /// The version moves, so that whoever decided on the map as it was decides again.
    fn free_place(&self, transaction: &mut Transaction, key_id: KeyId) {
        let change = Expression::new("ADD version :one REMOVE live_keys.#key")
            .name("#key", key_id.suffix())
            .value(":one", number(1));
        transaction.update(
            self,
            key::user(key_id.user_id()),
            change,
            "attribute_exists(PK)",
            OnConditionFailed::Conflict,
        );
    }
}

//! Re-armings: put keys and held items back into the `due` index after a suspension was lifted or a policy gained
//! stages.
//!
//! The transaction of the change stores one item. Runs of notify-expiring-keys do the work a minute later, page by
//! page, and keep their place in the item.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Time,
    id::{KeyId, KeySuffix, OrganizationId, UserId},
    notice::{Stage, gained_stages},
    organization::{self, Organization},
    user::{self, User},
};
use serde::Deserialize;

use crate::{
    AccessKeyPosition, DueKey, DueRecord, Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{key_of, number, primary, text},
    item_key::{self, ItemKey, RearmingCause},
    notice::CLAIM_RETENTION,
};

/// Seconds until a re-arming starts. By then every request that read the organization before the change has ended.
const DELAY: i64 = 60;

/// Seconds after an expiry in which its notice is made up for: a day less than its claims are kept.
const MADE_UP_FOR: i64 = CLAIM_RETENTION - 86_400;

/// A re-arming, as it is stored.
#[derive(Debug, Clone, Deserialize)]
pub struct Rearming {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The user whose suspension was lifted.
    user_id: Option<UserId>,
    /// The stages that the policy gained.
    #[serde(default)]
    pub gained: BTreeSet<Stage>,
    /// Keys that expire at this time or later are concerned.
    since: Time,
    /// The version of the organization or user that caused it.
    caused_by: u64,
    /// The last key of the last page, as the position after which the next page starts.
    reached: Option<String>,
}

/// The keys among which a re-arming finds those that are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RearmedKeys {
    /// Those of a user.
    OfUser(UserId),
    /// Those of the organization that expire up to a time; `None` for all that expire.
    UpTo(Option<Time>),
}

/// A page of the keys among which a re-arming finds those that are concerned.
#[derive(Debug, Clone)]
pub struct RearmingPage {
    /// The keys.
    pub key_ids: Vec<KeyId>,
    next: Option<String>,
}

impl RearmingPage {
    /// Returns whether no page follows.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.next.is_none()
    }
}

impl DueRecord for Rearming {
    type Place = (OrganizationId, RearmingCause);

    const NAME: &'static str = "re-arming";

    fn key_of((organization_id, cause): Self::Place) -> ItemKey {
        item_key::rearming(organization_id, cause)
    }
}

impl Rearming {
    /// Returns the cause.
    #[must_use]
    pub fn cause(&self) -> RearmingCause {
        match self.user_id {
            Some(user_id) => RearmingCause::User(user_id),
            None if self.gained.is_empty() => RearmingCause::Organization,
            None => RearmingCause::Stages,
        }
    }

    /// Returns whether it has not reached any key.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.reached.is_none()
    }

    /// Returns the first expiry of a key that is concerned.
    fn since(&self, now: Time) -> Time {
        self.since.max(now.plus(-MADE_UP_FOR))
    }

    /// Returns whether a key expires late enough to be concerned.
    #[must_use]
    pub fn concerns(&self, expires_at: Time, now: Time) -> bool {
        expires_at >= self.since(now)
    }

    pub(crate) fn key(&self) -> ItemKey {
        item_key::rearming(self.organization_id, self.cause())
    }

    /// Holds while no other change has caused it anew, and no other run has gone on with it.
    pub(crate) fn as_read(&self) -> Expression {
        let cause = Expression::new("caused_by = :cause").value(":cause", number(self.caused_by));
        match &self.reached {
            None => cause.and(" AND attribute_not_exists(reached)"),
            Some(reached) => cause.and(" AND reached = :reached").value(":reached", text(reached)),
        }
    }
}

impl Table {
    /// Returns the next page of at most `limit` keys of a re-arming.
    pub async fn rearming_page(
        &self,
        rearming: &Rearming,
        keys: RearmedKeys,
        now: Time,
        limit: usize,
    ) -> Result<RearmingPage, Error> {
        match keys {
            RearmedKeys::OfUser(user_id) => self.own_page(rearming, user_id, limit).await,
            RearmedKeys::UpTo(last) => self.organization_page(rearming, last, now, limit).await,
        }
    }

    async fn own_page(
        &self,
        rearming: &Rearming,
        user_id: UserId,
        limit: usize,
    ) -> Result<RearmingPage, Error> {
        let reached = rearming.reached.as_deref().and_then(|suffix| KeySuffix::parse(suffix).ok());
        let start = reached.map(|suffix| primary(item_key::access_key(KeyId::new(user_id, suffix))));
        let condition = "PK = :partition AND begins_with(SK, :keys)";
        let answer = self
            .query_strongly(condition, item_key::user_partition(user_id))
            .expression_attribute_values(":keys", text(item_key::ACCESS_KEYS))
            .projection_expression("PK, SK")
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| Error::failed("Query", error))?;
        let suffix_of = |key: &ItemKey| KeySuffix::parse(key.sk.strip_prefix(item_key::ACCESS_KEYS)?).ok();
        let suffixes = answer.items().iter().filter_map(key_of).filter_map(|key| suffix_of(&key));
        let key_ids = suffixes.map(|suffix| KeyId::new(user_id, suffix)).collect();
        let next = answer.last_evaluated_key.as_ref().and_then(key_of).as_ref().and_then(suffix_of);
        Ok(RearmingPage { key_ids, next: next.map(|suffix| suffix.to_string()) })
    }

    async fn organization_page(
        &self,
        rearming: &Rearming,
        last: Option<Time>,
        now: Time,
        limit: usize,
    ) -> Result<RearmingPage, Error> {
        let first = item_key::expiring_from(rearming.since(now));
        let last = item_key::expiring_from(last.map_or(Time::MAX, |last| last.plus(1)));
        let reached = rearming.reached.as_deref().and_then(AccessKeyPosition::parse);
        let after = reached.map(|position| (position.to_string(), item_key::access_key(position.key_id())));
        // The range moves with time, and a query must start within it.
        let after = after.filter(|(sort, _)| *sort > first);
        if first >= last || after.as_ref().is_some_and(|(sort, _)| *sort >= last) {
            return Ok(RearmingPage { key_ids: Vec::new(), next: None });
        }
        let partition = item_key::access_keys_partition(rearming.organization_id);
        let page = self.index_page(partition, Some((&first, &last)), after, limit).await?;
        let positions = page.entries.iter().filter_map(|(sort, _)| AccessKeyPosition::parse(sort));
        let next = page.entries.last().filter(|_| page.more).map(|(sort, _)| sort.clone());
        Ok(RearmingPage { key_ids: positions.map(|position| position.key_id()).collect(), next })
    }

    /// Puts keys, each as it was read, back into the `due` index at a time, and records that a page is done; after the
    /// last page the re-arming is gone. It is one transaction.
    ///
    /// Returns whether it was done: not if a key changed since it was read. Fails with [`Error::Conflict`] if
    /// another change or another run took the re-arming.
    ///
    /// Model: `notices::Action::Rearm`.
    pub async fn rearm(
        &self,
        rearming: &mut Rearming,
        keys: &[(&DueKey, Time)],
        page: &RearmingPage,
    ) -> Result<bool, Error> {
        let mut transaction = Transaction::new(self);
        match &page.next {
            None => transaction.delete(rearming.key(), rearming.as_read(), OnConditionFailed::Conflict),
            Some(next) => {
                let change = Expression::new("SET reached = :next").value(":next", text(next));
                let as_read = rearming.as_read();
                transaction.update(rearming.key(), change, as_read, OnConditionFailed::Conflict);
            }
        }
        for (key, due_at) in keys {
            transaction.rearm_key(key, *due_at);
        }
        let refused = transaction.attempt().await?;
        if refused.contains(&0) {
            return Err(Error::Conflict);
        }
        if refused.is_empty() {
            rearming.reached.clone_from(&page.next);
        }
        Ok(refused.is_empty())
    }
}

impl Transaction<'_> {
    /// Re-arms if a change of a user lifts a suspension.
    pub(crate) fn rearm_user(&mut self, before: &User, after: &User, now: Time) {
        if (before.status, after.status) == (user::Status::Suspended, user::Status::Active) {
            let user_id = after.user_id;
            let change = Expression::new("SET user_id = :user, ").value(":user", text(user_id));
            let place = (after.organization_id, RearmingCause::User(user_id));
            self.start_rearming(place, change, after.version, (now.plus(-MADE_UP_FOR), now));
        }
    }

    /// Re-arms if a change of an organization lifts a suspension or its policy gains stages.
    pub(crate) fn rearm_organization(&mut self, before: &Organization, after: &Organization, now: Time) {
        let organization_id = after.organization_id;
        if (before.status, after.status) == (organization::Status::Suspended, organization::Status::Active) {
            let place = (organization_id, RearmingCause::Organization);
            let times = (now.plus(-MADE_UP_FOR), now);
            self.start_rearming(place, Expression::new("SET "), after.version, times);
        }
        let gained = gained_stages(&before.policy.notices, &after.policy.notices);
        if !gained.is_empty() {
            let gained = AttributeValue::Ns(gained.iter().map(ToString::to_string).collect());
            let change = Expression::new("ADD gained :gained SET ").value(":gained", gained);
            let place = (organization_id, RearmingCause::Stages);
            self.start_rearming(place, change, after.version, (now, now));
        }
    }

    /// Starts a re-arming from the first key on. It takes the place of one for the same cause that is not done.
    fn start_rearming(
        &mut self,
        (organization_id, cause): (OrganizationId, RearmingCause),
        change: Expression,
        version: u64,
        (since, now): (Time, Time),
    ) {
        let change = change
            .and(
                "organization_id = :organization, since = if_not_exists(since, :since), caused_by = :version",
            )
            .and(", due_shard = :shard, due_at = :due REMOVE reached, GSI1PK, GSI1SK, #ttl")
            .name("#ttl", "ttl")
            .value(":organization", text(organization_id))
            .value(":since", number(since.seconds()))
            .value(":version", number(version))
            .value(":shard", text(self.table.shard_of(organization_id)))
            .value(":due", number(now.plus(DELAY).seconds()));
        let key = item_key::rearming(organization_id, cause);
        self.update(key, change, Expression::default(), OnConditionFailed::Conflict);
    }

    fn rearm_key(&mut self, DueKey { key, due_at: seen, .. }: &DueKey, due_at: Time) {
        let change = Expression::new("SET due_shard = :shard, due_at = :due")
            .value(":shard", text(self.table.shard_of(key.organization_id)))
            .value(":due", number(due_at.seconds()));
        let unchanged = Expression::version(key.version).and(" AND attribute_not_exists(revoked_at)");
        let unchanged = match seen {
            Some(seen) => unchanged.and(" AND due_at = :at").value(":at", number(seen.seconds())),
            None => unchanged.and(" AND attribute_not_exists(due_at)"),
        };
        self.update(item_key::access_key(key.key_id), change, unchanged, OnConditionFailed::Conflict);
    }
}

#[cfg(test)]
mod tests;

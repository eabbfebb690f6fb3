//! The mails of a UTC day: how many an organization has reserved of those whose number is limited.

use domain::{Time, id::OrganizationId};
use serde::Deserialize;

use crate::{
    Error, MAX_ATTEMPTS, OnConditionFailed, Table, Transaction, backoff,
    expression::Expression,
    item::number,
    item_key::{self, ItemKey},
};

/// Seconds after the end of a day for which its count is kept.
const RETENTION: i64 = 86_400;

#[derive(Deserialize)]
struct MailsOfDay {
    reserved: u32,
}

impl Table {
    /// Reserves mails of the UTC day of `now` for an organization: `wanted` of them, or as many as are left of
    /// `limit`. Returns their number.
    ///
    /// A lost reply is repeated with the same client token, so that it counts nothing twice. After
    /// [`Error::Failed`] it is unknown whether mails were reserved: do not send them. So the count is never lower
    /// than the number of mails that were sent.
    pub async fn reserve_mails(
        &self,
        organization_id: OrganizationId,
        wanted: u32,
        limit: u32,
        now: Time,
    ) -> Result<u32, Error> {
        let key = item_key::mails_of_day(organization_id, now);
        let mut count = wanted.min(limit);
        for attempt in 0..MAX_ATTEMPTS {
            backoff(attempt).await;
            if count == 0 {
                return Ok(0);
            }
            let change = Expression::new("SET #ttl = :ttl ADD reserved :count")
                .name("#ttl", "ttl")
                .value(":ttl", number(now.next_midnight().plus(RETENTION).seconds()))
                .value(":count", number(count));
            let has_room = Expression::new("attribute_not_exists(reserved) OR reserved <= :most")
                .value(":most", number(limit - count));
            if self.change_count(key.clone(), change, has_room).await? {
                return Ok(count);
            }
            let reserved =
                self.get::<MailsOfDay>("mails of a day", key.clone()).await?.map_or(0, |day| day.reserved);
            count = count.min(limit.saturating_sub(reserved));
        }
        Err(Error::Contended { operation: "TransactWriteItems" })
    }

    /// Returns reserved mails that were not sent to the UTC day of `reserved_at`.
    ///
    /// Nothing is returned to a day whose count is gone. After [`Error::Failed`] it is unknown whether they were
    /// returned: do not repeat it, or the count is too low.
    pub async fn return_mails(
        &self,
        organization_id: OrganizationId,
        count: u32,
        reserved_at: Time,
    ) -> Result<(), Error> {
        let change = Expression::new("ADD reserved :less").value(":less", number(-i64::from(count)));
        let is_there = Expression::new("reserved >= :count").value(":count", number(count));
        self.change_count(item_key::mails_of_day(organization_id, reserved_at), change, is_there).await?;
        Ok(())
    }

    /// Returns whether the condition held.
    async fn change_count(
        &self,
        key: ItemKey,
        change: Expression,
        condition: Expression,
    ) -> Result<bool, Error> {
        let mut transaction = Transaction::new(self);
        transaction.update(key, change, condition, OnConditionFailed::Conflict);
        Ok(transaction.attempt().await?.is_empty())
    }
}

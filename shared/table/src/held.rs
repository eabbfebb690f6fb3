//! Held items: what is owed while its reader is suspended.
//!
//! A held item is not in the `due` index, so that no run reads it. It is in `GSI1` among the held items of its
//! organization.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Time,
    id::{OrganizationId, UserId},
    organization, user,
};

use crate::{
    Error, Mail, OnConditionFailed, OutboxMessage, Rearming, Table, Transaction,
    expression::Expression,
    item::{number, text},
    item_key::{self, ItemKey, RearmingCause},
    transaction::MAX_STEPS,
};

/// Who is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suspended {
    /// A user.
    User(UserId),
    /// An organization.
    Organization(OrganizationId),
}

/// The place of a held item among those of its organization.
#[derive(Debug, Clone)]
pub struct HeldPlace((String, ItemKey));

/// The most items that are released at once.
const MAX_RELEASED: usize = 50;

/// An item to hold, as it was read.
#[derive(Debug, Clone, Copy)]
pub enum Owed<'a> {
    /// A mail whose lease has ended.
    Mail(&'a Mail),
    /// A message of the outbox.
    Message(&'a OutboxMessage),
    /// A re-arming.
    Rearming(&'a Rearming),
}

impl Owed<'_> {
    const fn organization_id(&self) -> OrganizationId {
        match self {
            Self::Mail(mail) => mail.organization_id,
            Self::Message(waiting) => waiting.organization_id,
            Self::Rearming(rearming) => rearming.organization_id,
        }
    }

    /// Returns the user for whom it is held.
    fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Mail(mail) => Some(mail.user_id),
            Self::Message(waiting) => Some(waiting.user_id),
            Self::Rearming(rearming) => match rearming.cause() {
                RearmingCause::User(user_id) => Some(user_id),
                RearmingCause::Stages | RearmingCause::Organization => None,
            },
        }
    }

    fn key(&self) -> ItemKey {
        match self {
            Self::Mail(mail) => item_key::mail(mail.user_id, mail.mail_id),
            Self::Message(waiting) => item_key::outbox(waiting.user_id, waiting.message.message_id),
            Self::Rearming(rearming) => rearming.key(),
        }
    }
}

impl Table {
    /// Holds items until the suspension is lifted, except those that another run took since they were read.
    ///
    /// They are kept as long as audit events. Fails with [`Error::Conflict`] if nobody is suspended any more: the items
    /// stay due.
    ///
    /// Model: `notices::Action::HoldMail`, `notices::Action::HoldRearming`.
    pub async fn hold(&self, suspended: Suspended, owed: &[Owed<'_>], now: Time) -> Result<(), Error> {
        for owed in owed.chunks(MAX_STEPS - 1) {
            let mut open = owed.to_vec();
            while !open.is_empty() {
                let mut transaction = Transaction::new(self);
                transaction.check_suspended(suspended);
                for one in &open {
                    transaction.hold(one, now);
                }
                let refused = transaction.attempt().await?;
                if refused.is_empty() {
                    break;
                }
                if refused.contains(&0) {
                    return Err(Error::Conflict);
                }
                let kept = open.iter().enumerate().filter(|(position, _)| !refused.contains(&(position + 1)));
                open = kept.map(|(_, one)| *one).collect();
            }
        }
        Ok(())
    }

    /// Puts a page of the held items of an organization, or of those for one user, back into the `due` index at `now`.
    /// Returns the place after which the next page begins; `None` if it was the last page.
    ///
    /// Repeating it changes nothing.
    ///
    /// Model: `notices::Action::Release`.
    pub async fn release_held(
        &self,
        organization_id: OrganizationId,
        user_id: Option<UserId>,
        after: Option<HeldPlace>,
        now: Time,
    ) -> Result<Option<HeldPlace>, Error> {
        let range = user_id.map(item_key::held_for);
        let within = range.as_ref().map(|(first, last)| (first.as_str(), last.as_str()));
        let partition = item_key::held_partition(organization_id);
        let after = after.map(|HeldPlace(after)| after);
        let page = self.index_page(partition, within, after, MAX_RELEASED).await?;
        let items: Vec<_> = page.entries.iter().map(|(_, key)| key).collect();
        self.change_each(&items, |transaction, item| transaction.release(item, organization_id, now)).await?;
        Ok(page.entries.last().cloned().filter(|_| page.more).map(HeldPlace))
    }
}

impl Transaction<'_> {
    /// Checks that a suspension lasts. The transaction that lifts it re-arms, and finds what was held before.
    fn check_suspended(&mut self, suspended: Suspended) {
        let (key, status) = match suspended {
            Suspended::User(user_id) => (item_key::user(user_id), user::Status::Suspended.as_str()),
            Suspended::Organization(organization_id) => {
                (item_key::organization(organization_id), organization::Status::Suspended.as_str())
            }
        };
        let lasts =
            Expression::new("#status = :status").name("#status", "status").value(":status", text(status));
        self.check(key, lasts, OnConditionFailed::Conflict);
    }

    fn hold(&mut self, owed: &Owed<'_>, now: Time) {
        let key = owed.key();
        let place = item_key::held(owed.organization_id(), owed.user_id(), &key);
        let change =
            Expression::new("SET GSI1PK = :held, GSI1SK = :place, #ttl = :ttl REMOVE due_shard, due_at")
                .name("#ttl", "ttl")
                .value(":held", text(place.pk))
                .value(":place", text(place.sk))
                .value(":ttl", number(self.table.audit_kept_until(now).seconds()));
        match owed {
            Owed::Mail(mail) => self.change_leased_mail(mail, change),
            Owed::Message(_) => {
                self.update(key, change, Expression::exists(), OnConditionFailed::Conflict);
            }
            Owed::Rearming(rearming) => {
                self.update(key, change, rearming.as_read(), OnConditionFailed::Conflict);
            }
        }
    }

    fn release(&mut self, item: &ItemKey, organization_id: OrganizationId, now: Time) {
        let change = Expression::new("SET due_shard = :shard, due_at = :now REMOVE GSI1PK, GSI1SK, #ttl")
            .name("#ttl", "ttl")
            .value(":shard", AttributeValue::S(self.table.shard_of(organization_id)))
            .value(":now", number(now.seconds()));
        let is_held = Expression::new("attribute_exists(GSI1PK)");
        self.update(item.clone(), change, is_held, OnConditionFailed::Conflict);
    }
}

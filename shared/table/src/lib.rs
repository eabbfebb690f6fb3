#![doc = include_str!("../README.md")]

mod access_key;
mod access_key_filter;
mod access_key_list;
mod access_key_position;
mod access_key_use;
mod audit;
mod batch;
mod change_records;
mod daily_mails;
mod declared_routes;
mod deletion;
mod due;
mod error;
mod expression;
mod held;
mod idempotency;
mod inbox;
mod item;
pub mod item_key;
mod mail;
mod memberships;
mod notice;
mod organization;
mod outbox;
mod owners;
mod owners_message;
mod page;
mod page_reads;
mod parting_message;
mod rearming;
mod reported;
mod retry;
mod role;
mod session;
mod sign_in;
mod single_write;
mod snapshot;
mod time_range;
mod transaction;
mod user;
mod user_access_key_list;
mod user_filter;
mod user_list;

use std::num::NonZeroU32;

use aws_sdk_dynamodb::Client;
use domain::Time;

pub use access_key::{KeyWithUser, StoredAccessKey};
pub use access_key_filter::AccessKeyFilter;
pub use access_key_position::AccessKeyPosition;
pub use audit::{AuditFilter, UnusableEvent};
pub use change_records::ChangeRecords;
pub use due::{Due, DueKey, DueRecord};
pub use error::Error;
pub use held::{HeldPlace, Owed, Suspended};
pub use idempotency::IdempotencyRecord;
pub use mail::{Mail, MailStatus};
pub use memberships::{Membership, MembershipPosition};
pub use notice::{Advance, Claim, MAX_CLAIMS};
pub use outbox::{MAX_MESSAGES, OutboxMessage};
pub use owners_message::{OwnersDelivery, OwnersMessage};
pub use page::{ListPosition, Page};
pub use parting_message::PartingMessage;
pub use rearming::{RearmedKeys, Rearming, RearmingPage};
pub use reported::Readings;
pub use retry::{MAX_ATTEMPTS, backoff};
pub use role::CatalogChange;
pub use snapshot::{DecisionSnapshot, DecisionVersion, Snapshot};
pub(crate) use transaction::{OnConditionFailed, Transaction};
pub use user_filter::UserFilter;

/// The single table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    settings: Settings,
}

/// Settings of the table, from the template.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Shards of the `due` index. The number may grow, never shrink.
    pub due_shards: NonZeroU32,
    /// Days for which audit events are kept.
    pub audit_retention_days: u32,
}

impl Table {
    /// Makes the table of this name, accessed by `client`.
    #[must_use]
    pub fn new(client: Client, name: String, settings: Settings) -> Self {
        Self { client, name, settings }
    }

    /// Returns the number of shards of the `due` index.
    #[must_use]
    pub const fn due_shards(&self) -> NonZeroU32 {
        self.settings.due_shards
    }

    /// Returns the end of the retention of an audit event of `at`.
    pub(crate) fn audit_kept_until(&self, at: Time) -> Time {
        at.plus(self.audit_retention())
    }

    /// Returns the first second within the retention of audit events at `now`.
    pub(crate) fn audit_kept_from(&self, now: Time) -> Time {
        now.plus(1 - self.audit_retention())
    }

    fn audit_retention(&self) -> i64 {
        i64::from(self.settings.audit_retention_days) * 86_400
    }
}

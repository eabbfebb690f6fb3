#![doc = include_str!("../README.md")]

mod access_key;
mod audit;
mod batch;
mod due;
mod error;
mod idempotency;
mod inbox;
mod item;
pub mod key;
mod key_filter;
mod key_list;
mod mail;
mod newest;
mod notice;
mod organization;
mod outbox;
mod page;
mod retry;
mod role;
mod sign_in;
mod snapshot;
mod trail;
mod transaction;
mod usage;
mod user;

use aws_sdk_dynamodb::Client;
use domain::Time;

pub use access_key::{KeyWithUser, StoredAccessKey};
pub use audit::AuditFilter;
pub use due::{Due, DueKey};
pub use error::Error;
pub use idempotency::IdempotencyRecord;
pub use key_filter::AccessKeyFilter;
pub use mail::{Mail, MailStatus};
pub use notice::{Advance, MAX_CLAIMS, Claim};
pub use outbox::{MESSAGES, OutboxMessage};
pub use page::Page;
pub use retry::{MAX_ATTEMPTS, backoff};
pub use snapshot::Snapshot;
pub use trail::ChangeRecords;
pub(crate) use transaction::{Refusal, Transaction};

/// The single table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    settings: Settings,
}

/// What the template says of the table's use.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Parts of the `due` index; may grow, never shrink.
    pub due_shards: u32,
    /// Days for which audit events are kept.
    pub audit_retention_days: u32,
}

impl Table {
    /// Names the table that `client` reads and writes.
    #[must_use]
    pub fn new(client: Client, name: String, settings: Settings) -> Self {
        Self { client, name, settings }
    }

    /// Returns the number of parts of the `due` index.
    #[must_use]
    pub const fn due_shards(&self) -> u32 {
        self.settings.due_shards
    }

    /// Returns when an audit event of `at` may be forgotten.
    pub(crate) fn audit_kept_until(&self, at: Time) -> Time {
        at.plus(self.audit_retention())
    }

    /// Returns the first second whose audit events are kept at `now`.
    pub(crate) fn audit_kept_from(&self, now: Time) -> Time {
        now.plus(1 - self.audit_retention())
    }

    fn audit_retention(&self) -> i64 {
        i64::from(self.settings.audit_retention_days) * 86_400
    }
}

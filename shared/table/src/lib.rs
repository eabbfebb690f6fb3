#![doc = include_str!("../README.md")]

mod access_key;
mod batch;
mod due;
mod error;
mod item;
pub mod key;
mod mail;
mod notice;
mod organization;
mod page;
mod retry;
mod sign_in;
mod snapshot;
mod transaction;
mod user;

use aws_sdk_dynamodb::Client;

pub use access_key::{KeyWithUser, NewKey};
pub use due::{Due, DueKey};
pub use error::Error;
pub use mail::{Mail, MailStatus};
pub use notice::{Advance, CLAIMS, Claim};
pub use page::Page;
pub use retry::{ATTEMPTS, pause};
pub use snapshot::Snapshot;
pub use transaction::{Refusal, Transaction};

/// The single table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    due_shards: u32,
}

impl Table {
    /// Names the table that `client` reads and writes.
    ///
    /// `due_shards` is the number of parts of the `due` index; it may grow, never shrink.
    #[must_use]
    pub fn new(client: Client, name: String, due_shards: u32) -> Self {
        Self { client, name, due_shards }
    }

    /// Returns the number of parts of the `due` index.
    #[must_use]
    pub const fn due_shards(&self) -> u32 {
        self.due_shards
    }

    /// Opens a connection, so that the first request finds one. Reads nothing that exists.
    pub async fn connect(&self) -> Result<(), Error> {
        let nothing = key::user(domain::id::UserId::parse("000000000000").expect("twelve digits are base62"));
        self.get::<serde::de::IgnoredAny>("connect", nothing).await.map(|_| ())
    }
}

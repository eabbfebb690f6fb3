//! The actions of the quota model.

use super::item::Place;

/// Whether a reply arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It arrives.
    Received,
    /// The transaction was done, and its reply is lost.
    Lost,
}

/// A step of a request, by its number, or of its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads all that a request reads at once before it decides.
    Read(u8),
    /// Reads the user.
    ReadUser(u8),
    /// Reads the key.
    ReadKey(u8),
    /// Looks for an idempotency record after a refusal.
    ReadRecord(u8),
    /// Sends `Table::create_access_key`.
    Create(u8, Reply),
    /// Sends `Table::update_access_key`.
    Update(u8, Reply),
    /// Sends `Table::rotate_access_key`.
    Rotate(u8, Reply),
    /// Sends `Table::revoke_access_key`.
    Revoke(u8, Reply),
    /// Sends `Table::delete_access_key`.
    Delete(u8, Reply),
    /// Sends `Table::update_user`.
    ChangeUser(u8, Reply),
    /// Sends `Table::delete_user`.
    MarkUser(u8, Reply),
    /// Sends the first part of `Table::remove_user`: the keys.
    RemoveKeys(u8),
    /// Sends the last part of `Table::remove_user`: the user.
    RemoveUser(u8),
    /// Sends a transaction without a reply again.
    Resend(u8),
    /// The instance of a request ends.
    Crash(u8),
    /// The clock moves on.
    Tick,
    /// The policy's quota changes: `Table::update_organization`.
    ChangePolicy,
    /// `DynamoDB` removes an item whose `ttl` has passed.
    DeleteByTtl(Place),
}

//! The actions of the digests model.

use crate::ses::Ses;

/// What `DynamoDB` does with a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It answers.
    Comes,
    /// It writes it, and its reply is lost.
    IsLost,
    /// It writes nothing and does not answer.
    Fails,
}

/// What a change does to a key. Its own conditions are those of the quota model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Extends it, so that no notice is due.
    Extend(u8),
    /// Revokes it.
    Revoke(u8),
}

/// A step of a run, by its number, often for a reader or a key; or a step of their surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads the `due` index.
    Find(u8),
    /// Reads a key that is due.
    ReadKey(u8, u8),
    /// Reads the mails that are due.
    ReadMails(u8),
    /// Sends `Table::take_over_mail`.
    TakeOver(u8, u8),
    /// Reads what is still true of a mail.
    ReadLines(u8, u8),
    /// Sends `Table::claim`.
    Claim(u8, u8, Reply),
    /// Hands a reader's mail over to SES.
    Send(u8, u8, Ses),
    /// Sends `Table::mark_mail`.
    Mark(u8, u8),
    /// Sends `Table::advance` for a key.
    Advance(u8, u8),
    /// The instance of a run ends.
    Crash(u8),
    /// A key changes: `Table::update_access_key` or `Table::revoke_access_key`.
    Commit(Operation),
}

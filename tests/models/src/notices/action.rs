//! The actions of the notices model.

use super::{
    item::Place,
    state::{Change, Operation},
};
use crate::ses::Ses;

/// A step of a run or change, by its number, or of their surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads the `due` index.
    Find(u8),
    /// Reads the re-arming and the user.
    ReadRearming(u8),
    /// Sends `Table::hold` for the re-arming.
    HoldRearming(u8),
    /// Sends `Table::release_held`.
    Release(u8),
    /// Reads the key that is re-armed.
    ReadKeyToRearm(u8),
    /// Sends `Table::rearm`.
    Rearm(u8),
    /// Reads the due key and the user, and decides.
    ReadKey(u8),
    /// Cannot read the due key.
    MissKey(u8),
    /// Reads the due mail.
    ReadMail(u8),
    /// Sends `Table::hold` for a mail.
    HoldMail(u8),
    /// Sends `Table::take_over_mail`.
    TakeOver(u8),
    /// Reads what is still true of a mail.
    ReadLines(u8),
    /// Sends `Table::claim` for a stage that came while the mail waited.
    ClaimPassed(u8),
    /// Sends `Table::claim`.
    Claim(u8),
    /// Hands a mail over to SES.
    Send(u8, Ses),
    /// Sends `Table::mark_mail`.
    Mark(u8),
    /// Sends `Table::advance`.
    Advance(u8),
    /// The instance of a run ends, or `DynamoDB` fails for the rest of it.
    Crash(u8),
    /// A change begins: its time is taken.
    Begin(Operation),
    /// A change is written, under its own conditions of the quota model: `Table::update_access_key`,
    /// `Table::revoke_access_key`, `Table::delete_access_key` or `Table::update_user`.
    Commit(Change),
    /// The clock moves on. Runs past their deadlines end.
    Tick,
    /// The `due` index catches up with an item.
    CatchUp(Place),
}

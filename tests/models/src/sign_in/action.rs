//! The actions of the sign-in model.

/// Whether a reply arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It arrives.
    Received,
    /// The transaction was done, and its reply is lost.
    Lost,
}

/// A step of a request, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads the sign-in link.
    ReadLink(u8),
    /// Reads the claim on the verified address.
    ReadClaim(u8),
    /// Reads a user, and decides.
    ReadUser(u8),
    /// Sends `Table::link`.
    Link(u8, Reply),
    /// Sends `Table::prove_address`.
    Prove(u8),
    /// Sends `Table::create_user`.
    Create(u8, Reply),
    /// Sends `Table::update_user`.
    Change(u8, Reply),
    /// Sends `Table::delete_user`.
    Mark(u8, Reply),
    /// Sends the last part of `Table::remove_user`.
    Remove(u8),
    /// Sends a transaction without a reply again.
    Resend(u8),
    /// The instance of a request ends.
    Crash(u8),
}

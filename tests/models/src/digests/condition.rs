//! The conditions of the digests model.

/// The conditions of the transactions, and reads and orders that guard others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// A mail whose lease runs is left alone (a read).
    LeaseEnded,
    /// A mail that is taken over is unmarked, and has the lease that was read.
    TakeOverLease,
    /// A stored mail for which lines are claimed, or which is marked, is unmarked and has the run's lease.
    OwnLease,
    /// At a claim, the key is as announced.
    ClaimKeyAsRead,
    /// A reader's line is not claimed.
    ClaimNotMade,
    /// A claim that is refused is left out, and the others are made without it (a retry).
    RefusedAlone,
    /// A mail that is sent again leaves out keys that have changed (a read).
    LinesAreTrue,
    /// A key moves on as it was read.
    AdvanceAsRead,
    /// A key moves on only after the claims of all readers (an order).
    AdvanceAfterAllReaders,
}

/// All conditions; a redundant one with the reason.
pub const CONDITIONS: &[(Condition, Option<&str>)] = &[
    (Condition::LeaseEnded, None),
    (Condition::TakeOverLease, None),
    (
        Condition::OwnLease,
        Some("a run has ended when its lease does, so that nobody takes the lease meanwhile"),
    ),
    (Condition::ClaimKeyAsRead, None),
    (Condition::ClaimNotMade, None),
    (Condition::RefusedAlone, None),
    (Condition::LinesAreTrue, None),
    (Condition::AdvanceAsRead, None),
    (Condition::AdvanceAfterAllReaders, None),
];

//! The conditions of the notices model.

/// The conditions of the transactions, and reads and writes that guard others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// A mail whose lease runs is left alone (a read).
    LeaseEnded,
    /// A mail that changes is not marked.
    MailUnmarked,
    /// A mail that is taken over has the lease that was read.
    TakeOverLease,
    /// A stored mail for which a notice is claimed has the run's lease.
    ClaimLease,
    /// A mail that is marked has the run's lease.
    MarkLease,
    /// A mail that is held has the lease that was read.
    HoldLease,
    /// At a claim, the key has the announced expiry.
    ClaimKeyExpiry,
    /// At a claim, the key is not revoked.
    ClaimKeyNotRevoked,
    /// This stage of this expiry is not claimed.
    ClaimNotMade,
    /// No narrower stage of this expiry is claimed.
    ClaimNotNarrower,
    /// A mail that is sent again leaves out what another mail has claimed since (a read).
    LinesAreOurs,
    /// A mail that is sent again leaves out expiries that moved and keys that are revoked (a read).
    LinesAreTrue,
    /// A mail that is sent again claims the stage that came while it waited (a write).
    PassedClaimed,
    /// A key moves on from the `due_at` that was read with it.
    AdvanceDueAsSeen,
    /// A key moves on from the expiry that was read.
    AdvanceExpiryAsRead,
    /// A key moves on only after its claim (an order).
    AdvanceAfterClaim,
    /// Whoever something is held for is suspended.
    HoldSuspended,
    /// A re-arming that is held is as it was read.
    HoldRearmingAsRead,
    /// A re-arming that ends is as it was read.
    RearmAsRead,
    /// A key that is re-armed has the version that was read.
    RearmKeyVersion,
    /// A key that is re-armed is not revoked.
    RearmKeyNotRevoked,
    /// A key that is re-armed is due when it was read to be.
    RearmDueAsRead,
    /// A re-armed key is due at another time than before (a write).
    RearmMovesDue,
}

/// All conditions; a redundant one with the reason.
pub const CONDITIONS: &[(Condition, Option<&str>)] = &[
    (Condition::LeaseEnded, None),
    (
        Condition::MailUnmarked,
        Some("a run marks a mail under its lease, and another takes the lease over once the run has ended"),
    ),
    (Condition::TakeOverLease, None),
    (
        Condition::ClaimLease,
        Some("a run has ended when its lease does, so that nobody takes the lease meanwhile"),
    ),
    (
        Condition::MarkLease,
        Some("a run has ended when its lease does, so that nobody takes the lease meanwhile"),
    ),
    (
        Condition::HoldLease,
        Some(
            "a mail that another run sends meanwhile is marked all the same; if it is not, it is released with what is held",
        ),
    ),
    (Condition::ClaimKeyExpiry, None),
    (Condition::ClaimKeyNotRevoked, None),
    (Condition::ClaimNotMade, None),
    (Condition::ClaimNotNarrower, None),
    (Condition::LinesAreOurs, None),
    (Condition::LinesAreTrue, None),
    (Condition::PassedClaimed, None),
    (Condition::AdvanceDueAsSeen, None),
    (Condition::AdvanceExpiryAsRead, None),
    (Condition::AdvanceAfterClaim, None),
    (Condition::HoldSuspended, None),
    (Condition::HoldRearmingAsRead, Some("whoever lifts the suspension starts the re-arming anew")),
    (Condition::RearmAsRead, None),
    (Condition::RearmKeyVersion, None),
    (Condition::RearmKeyNotRevoked, Some("each revocation moves the version of the key")),
    (Condition::RearmDueAsRead, Some("the model re-arms only keys that are due at once")),
    (Condition::RearmMovesDue, None),
];

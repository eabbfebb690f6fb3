//! The conditions of the quota model.

/// The conditions of the transactions, and two writes that guard others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// No idempotency record is in force.
    RecordAbsentOrExpired,
    /// A new key does not exist.
    CreateKeyAbsent,
    /// A changed key has the version that was read.
    UpdateKeyVersion,
    /// The user whose quota was checked has the version that was read.
    SlotUserVersion,
    /// That user is active, if the key goes live or ends later.
    SlotUserActive,
    /// That user has the kind that was read, if the key goes live or ends later.
    SlotUserKind,
    /// A rotated key has the version that was read.
    RotateKeyVersion,
    /// Its user is active.
    RotateUserActive,
    /// A revoked key has the version that was read.
    RevokeKeyVersion,
    /// It was not revoked before.
    RevokeNotRevoked,
    /// The user of a revoked key exists.
    RevokeUserExists,
    /// Revoking a key moves the version of its user (a write).
    RevokeMovesVersion,
    /// A deleted key has the version that was read.
    DeleteKeyVersion,
    /// The user of a deleted key exists.
    DeleteUserExists,
    /// A changed user has the version that was read.
    UserVersion,
    /// A user that is marked as deleted has the version that was read.
    MarkUserVersion,
    /// A transaction without a reply is sent again under the same client token.
    SameToken,
}

/// All conditions; a redundant one with the reason.
pub const CONDITIONS: &[(Condition, Option<&str>)] = &[
    (Condition::RecordAbsentOrExpired, None),
    (
        Condition::CreateKeyAbsent,
        Some("key ids are random, and a lost reply is asked for again under the same client token"),
    ),
    (Condition::UpdateKeyVersion, None),
    (Condition::SlotUserVersion, None),
    (Condition::SlotUserActive, Some("each change of the status moves the version of the user")),
    (Condition::SlotUserKind, Some("each change of the kind moves the version of the user")),
    (Condition::RotateKeyVersion, None),
    (Condition::RotateUserActive, None),
    (Condition::RevokeKeyVersion, None),
    (Condition::RevokeNotRevoked, Some("each revocation moves the version of the key")),
    (
        Condition::RevokeUserExists,
        Some("a user is removed after its keys, so a key that exists has its user"),
    ),
    (
        Condition::RevokeMovesVersion,
        Some("a request that counts a revoked key as live refuses at most; it never counts too few"),
    ),
    (Condition::DeleteKeyVersion, None),
    (
        Condition::DeleteUserExists,
        Some("a user is removed after its keys, so a key that exists has its user"),
    ),
    (Condition::UserVersion, None),
    (Condition::MarkUserVersion, None),
    (Condition::SameToken, None),
];

//! The conditions of the sign-in model.

/// The conditions of the transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// At a link, the claim on the verified address names the user.
    LinkClaimNamesUser,
    /// At a link, the sign-in has no link.
    LinkAbsent,
    /// At a link, the user has the version that was read.
    LinkUserVersion,
    /// At a link, the user has no sign-in.
    LinkUserUnlinked,
    /// A proven address is still that of the user.
    ProveSameAddress,
    /// Nobody claims the address of a new user.
    CreateClaimAbsent,
    /// A changed user has the version that was read.
    ChangeUserVersion,
    /// Nobody claims the new address of a user.
    ChangeClaimAbsent,
    /// The claim on the old address names the user.
    ChangeClaimOurs,
    /// A user that is marked as deleted has the version that was read.
    MarkUserVersion,
    /// The claim on the address of a deleted user names that user.
    MarkClaimOurs,
    /// The sign-in link of a deleted user names that user.
    MarkLinkOurs,
    /// Another owner who has signed in remains.
    AnotherOwner,
    /// Another address than before is unproven (a write).
    ChangedAddressUnproven,
    /// A transaction without a reply is sent again under the same client token.
    SameToken,
}

/// All conditions; a redundant one with the reason.
pub const CONDITIONS: &[(Condition, Option<&str>)] = &[
    (
        Condition::LinkClaimNamesUser,
        Some(
            "a user that is linked had the address when it was read, and each change of the address moves its version",
        ),
    ),
    (Condition::LinkAbsent, None),
    (Condition::LinkUserVersion, None),
    (Condition::LinkUserUnlinked, Some("each link moves the version of the user")),
    (Condition::ProveSameAddress, None),
    (Condition::CreateClaimAbsent, None),
    (Condition::ChangeUserVersion, None),
    (Condition::ChangeClaimAbsent, None),
    (Condition::ChangeClaimOurs, Some("the claim on an address moves together with the version of its user")),
    (Condition::MarkUserVersion, None),
    (Condition::MarkClaimOurs, Some("the claim on an address moves together with the version of its user")),
    (Condition::MarkLinkOurs, Some("the link of a sign-in moves together with the version of its user")),
    (Condition::AnotherOwner, None),
    (Condition::ChangedAddressUnproven, None),
    (Condition::SameToken, None),
];

//! What SES does with a mail, the same in every model.

/// What SES does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ses {
    /// It accepts the mail.
    Accepts,
    /// It accepts the mail, and its reply is lost.
    LosesReply,
    /// It does not answer, or refuses for now.
    Fails,
    /// It refuses the address for good.
    Rejects,
}

impl Ses {
    /// What it does when something goes wrong.
    pub const FAULTS: [Self; 3] = [Self::LosesReply, Self::Fails, Self::Rejects];

    /// Returns whether somebody is told: owners are told of a mail that is refused for good.
    pub const fn tells(self) -> bool {
        !matches!(self, Self::Fails)
    }

    /// Returns whether the run marks the mail.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Accepts | Self::Rejects)
    }
}

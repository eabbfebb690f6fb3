//! Mails that are never sent.

/// Why a mail is never sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undeliverable {
    /// SES takes no mail to the address.
    #[error("SES refuses the address: {code}")]
    Refused {
        /// The error's name, as SES spells it.
        code: String,
    },
    /// The address changed since the mail was claimed, and no sign-in proved the new one.
    #[error("no sign-in proved the address")]
    NotProven,
}

//! One leaked token of a report.

use domain::token::{SecretToken, Token};

/// A leaked token, and the note of its reporter as it is shown to people.
pub(crate) struct Leak {
    token: SecretToken,
    pub(crate) note: Option<String>,
}

impl Leak {
    pub(crate) fn new(token: Token<'_>, note: Option<String>) -> Self {
        Self { token: token.to_secret(), note }
    }

    pub(crate) fn token(&self) -> Token<'_> {
        self.token.token()
    }
}

//! A sign-in that failed: the page that says why, and the one log line of it.

use std::error::Error;

use api::{FAILURE, HandlerResult, causes};
use sign_in::NotAccepted;

use crate::{provider_error::ProviderError, redirect::go_to};

/// Why nobody was signed in, in words that the page understands. Nothing that the provider or the URL says is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The person, or the provider, said no.
    Denied,
    /// The browser has no attempt: it took too long, or another browser began it.
    Expired,
    /// The answer is for another attempt, of another issuer, or names a parameter twice.
    Mismatch,
    /// The provider refuses the code or the console, or does not answer as it must.
    Issuer,
    /// The provider states no usable address.
    EmailMissing,
    /// The session could not be stored.
    Unavailable,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Mismatch => "mismatch",
            Self::Issuer => "issuer",
            Self::EmailMissing => "email_missing",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Sends the browser to the page that says why nobody was signed in, and writes the one log line of it.
pub(crate) fn failed(reason: Reason, error: Option<&(dyn Error + 'static)>) -> HandlerResult {
    let word = reason.as_str();
    match error {
        None => tracing::info!(reason = word, "refused a sign-in"),
        Some(error) if is_refusal(error) => {
            tracing::info!(reason = word, causes = causes(error), "refused a sign-in");
        }
        Some(error) => {
            tracing::error!(reason = word, causes = causes(error), metrics = %FAILURE, "could not finish a sign-in");
        }
    }
    go_to(&format!("/console/sign-in-failed?reason={word}"))
}

/// Tells whether a browser can cause this error at will, with a wrong code for example.
fn is_refusal(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref();
    matches!(error, Some(ProviderError::CodeRefused(_) | ProviderError::Token(NotAccepted::Refused(_))))
}

#[cfg(test)]
mod tests {
    use sign_in::IssuerFailure;

    use super::*;

    #[test]
    fn errors_that_a_browser_can_cause_are_refusals() {
        let issuer = || "https://id.example.com".to_owned();
        let refused = || IssuerFailure::Refused { url: issuer(), status: 400, code: None };
        for (error, is_expected) in [
            (ProviderError::CodeRefused(refused()), true),
            (ProviderError::ClientRefused(refused()), false),
            (ProviderError::Issuer(refused()), false),
            (ProviderError::Token(NotAccepted::Refused("it has expired")), true),
            (ProviderError::Issuer(IssuerFailure::NoAnswer(issuer())), false),
            (ProviderError::Token(NotAccepted::Issuer(IssuerFailure::BadAnswer(issuer()))), false),
            (ProviderError::AnotherSubject, false),
        ] {
            assert_eq!(is_refusal(&error), is_expected, "{error}");
        }
        assert!(!is_refusal(&std::fmt::Error));
    }
}

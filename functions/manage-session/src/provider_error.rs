//! Why the identity provider does not say who signed in.

use api::app::SecretFailure;
use sign_in::{IssuerFailure, NotAccepted};

/// Why the provider does not say who signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not answer, or not as it must.
    #[error(transparent)]
    Issuer(#[from] IssuerFailure),
    /// The token endpoint refuses the code. The browser chooses it.
    #[error("the token endpoint refuses the code")]
    CodeRefused(#[source] IssuerFailure),
    /// The token endpoint refuses the console's client id or secret.
    #[error(
        "the token endpoint refuses the client: check ConsoleClientId, and the secret that ConsoleClientSecretId names"
    )]
    ClientRefused(#[source] IssuerFailure),
    /// The ID token is not acceptable.
    #[error(transparent)]
    Token(#[from] NotAccepted),
    /// The discovery document does not name the endpoint.
    #[error("the discovery document names no {0}")]
    NoEndpoint(&'static str),
    /// The userinfo endpoint answers for somebody else.
    #[error("the userinfo endpoint answers for another subject")]
    AnotherSubject,
    /// The client secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretFailure),
}

impl ProviderError {
    /// Tells a refusal of the client from one of the code (RFC 6749, section 5.2).
    pub(crate) fn of_token_endpoint(failure: IssuerFailure) -> Self {
        let IssuerFailure::Refused { status, code, .. } = &failure else { return failure.into() };
        match (code.as_deref(), *status) {
            (Some("invalid_grant"), _) => Self::CodeRefused(failure),
            (Some("invalid_client" | "unauthorized_client"), _) | (_, 401) => Self::ClientRefused(failure),
            // Some providers say no more of a malformed code, and 429 of many sign-ins.
            (Some("invalid_request") | None, 400 | 403) | (_, 429) => Self::CodeRefused(failure),
            _ => failure.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_client_is_told_from_one_of_the_code() {
        let refused = |status: u16, code: &str| {
            let (url, code) = ("https://id.example.com/token".to_owned(), Some(code.to_owned()));
            let code = code.filter(|code| !code.is_empty());
            ProviderError::of_token_endpoint(IssuerFailure::Refused { url, status, code })
        };
        for (status, code) in
            [(401, ""), (401, "invalid_client"), (400, "invalid_client"), (400, "unauthorized_client")]
        {
            let error = refused(status, code);
            assert!(matches!(error, ProviderError::ClientRefused(_)), "{status} {code}");
        }
        for (status, code) in [
            (400, "invalid_grant"),
            (401, "invalid_grant"),
            (403, "invalid_grant"),
            (400, "invalid_request"),
            (400, ""),
            (403, ""),
            (429, ""),
        ] {
            let error = refused(status, code);
            assert!(matches!(error, ProviderError::CodeRefused(_)), "{status} {code}");
        }
        for (status, code) in [
            (404, ""),
            (405, ""),
            (400, "unsupported_grant_type"),
            (400, "invalid_scope"),
            (404, "invalid_request"),
        ] {
            let error = refused(status, code);
            assert!(matches!(error, ProviderError::Issuer(_)), "{status} {code}");
        }
        let down = ProviderError::of_token_endpoint(IssuerFailure::NoAnswer(
            "https://id.example.com/token".to_owned(),
        ));
        assert!(matches!(down, ProviderError::Issuer(IssuerFailure::NoAnswer(_))));
    }
}

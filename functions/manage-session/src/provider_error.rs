//! Why the identity provider does not say who signed in.

use api::app::SecretFailure;
use sign_in::{IssuerFailure, NotAccepted};

/// Why the provider does not say who signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not answer, or not as it must.
    #[error(transparent)]
    Issuer(#[from] IssuerFailure),
    /// The token endpoint refuses the code. Whoever opens the address of an answer chooses it.
    #[error("the token endpoint refuses the code")]
    CodeRefused(#[source] IssuerFailure),
    /// The token endpoint refuses the console.
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
        match &failure {
            IssuerFailure::Refused { status, code, .. } => {
                let names_client = matches!(code.as_str(), "invalid_client" | "unauthorized_client");
                if names_client || *status == 401 {
                    Self::ClientRefused(failure)
                } else {
                    Self::CodeRefused(failure)
                }
            }
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
            let url = "https://id.example.com/token".to_owned();
            ProviderError::of_token_endpoint(IssuerFailure::Refused { url, status, code: code.to_owned() })
        };
        for (status, code) in
            [(401, ""), (401, "invalid_client"), (400, "invalid_client"), (400, "unauthorized_client")]
        {
            let error = refused(status, code);
            assert!(matches!(error, ProviderError::ClientRefused(_)), "{status} {code}");
        }
        for (status, code) in [(400, "invalid_grant"), (400, ""), (403, "invalid_grant"), (429, "")] {
            let error = refused(status, code);
            assert!(matches!(error, ProviderError::CodeRefused(_)), "{status} {code}");
        }
        let down = ProviderError::of_token_endpoint(IssuerFailure::NoAnswer(
            "https://id.example.com/token".to_owned(),
        ));
        assert!(matches!(down, ProviderError::Issuer(IssuerFailure::NoAnswer(_))));
    }
}

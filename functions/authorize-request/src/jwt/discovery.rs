//! The issuer's discovery document.

use serde::Deserialize;

use super::documents::{Documents, IssuerFailure};

/// Where an issuer's discovery document is.
pub(super) struct Discovery {
    pub(super) issuer: String,
    url: String,
}

/// The parts of the document that are used.
#[derive(Deserialize)]
pub(super) struct Endpoints {
    issuer: String,
    pub(super) jwks_uri: Option<String>,
    pub(super) userinfo_endpoint: Option<String>,
}

impl Discovery {
    pub(super) fn of(issuer: &str) -> Self {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        Self { issuer: issuer.to_owned(), url }
    }

    /// Fetches the document. Fails if it is of another issuer.
    pub(super) async fn fetch(&self, documents: &Documents) -> Result<Endpoints, IssuerFailure> {
        let endpoints: Endpoints = documents.get(&self.url).await?;
        if endpoints.issuer == self.issuer { Ok(endpoints) } else { Err(self.bad_answer()) }
    }

    /// Returns the failure of a document that does not say what it must.
    pub(super) fn bad_answer(&self) -> IssuerFailure {
        IssuerFailure::BadAnswer(self.url.clone())
    }
}

//! The issuer's discovery document.

use serde_json::{Map, Value};

use super::documents::{Documents, IssuerFailure};

/// Where an issuer's discovery document is.
pub(super) struct Discovery {
    pub(super) issuer: String,
    url: String,
}

/// The members of the document. One that is malformed takes none of the others with it.
pub(super) struct Endpoints(Map<String, Value>);

impl Discovery {
    pub(super) fn of(issuer: &str) -> Self {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        Self { issuer: issuer.to_owned(), url }
    }

    /// Fetches the document. Fails if it is of another issuer.
    pub(super) async fn fetch(&self, documents: &Documents) -> Result<Endpoints, IssuerFailure> {
        let endpoints = Endpoints(documents.get(&self.url).await?);
        let is_ours = endpoints.address("issuer").as_ref() == Some(&self.issuer);
        if is_ours { Ok(endpoints) } else { Err(self.bad_answer()) }
    }

    /// Returns the failure of a document that does not say what it must.
    pub(super) fn bad_answer(&self) -> IssuerFailure {
        IssuerFailure::BadAnswer(self.url.clone())
    }
}

impl Endpoints {
    /// Returns the address of this name, if the document states one.
    pub(super) fn address(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_malformed_member_takes_no_other_with_it() {
        for odd in [json!(7), json!(null), json!(["https://id.example/userinfo"]), json!({})] {
            let document = json!({"jwks_uri": "https://id.example/keys", "userinfo_endpoint": odd});
            let endpoints = Endpoints(from_value(document).unwrap());
            assert_eq!(endpoints.address("userinfo_endpoint"), None);
            assert_eq!(endpoints.address("jwks_uri").as_deref(), Some("https://id.example/keys"));
        }
    }
}

//! The issuer's discovery document.

use serde_json::{Map, Value};

use crate::documents::{Documents, IssuerFailure, is_trusted};

/// Where an issuer's discovery document is.
#[derive(Debug)]
pub struct Discovery {
    issuer: String,
    url: String,
}

/// The members of the document. One that is malformed takes none of the others with it.
#[derive(Debug)]
pub struct Endpoints(Map<String, Value>);

impl Discovery {
    /// Finds the document of an issuer by its URL.
    #[must_use]
    pub fn of(issuer: &str) -> Self {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        Self { issuer: issuer.to_owned(), url }
    }

    /// Returns the issuer's URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Fetches the document. Fails if it is of another issuer.
    pub async fn fetch(&self, documents: &Documents) -> Result<Endpoints, IssuerFailure> {
        let endpoints = Endpoints(documents.get(&self.url).await?);
        let is_ours = endpoints.address("issuer").as_ref() == Some(&self.issuer);
        if is_ours { Ok(endpoints) } else { Err(self.bad_answer()) }
    }

    /// Returns the failure of a document that does not say what it must.
    #[must_use]
    pub fn bad_answer(&self) -> IssuerFailure {
        IssuerFailure::BadAnswer(self.url.clone())
    }
}

impl Endpoints {
    /// Returns the address of this name, if the document states one.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// Returns the address of this name, if it is an https one or an http one of this machine: a browser may be sent there.
    #[must_use]
    pub fn page(&self, name: &str) -> Option<String> {
        self.address(name).filter(|page| is_trusted(page))
    }

    /// Tells whether a list of the document names a value; `None` if there is no such list.
    #[must_use]
    pub fn lists(&self, name: &str, value: &str) -> Option<bool> {
        let list = self.0.get(name).and_then(Value::as_array)?;
        Some(list.iter().any(|listed| listed == value))
    }

    /// Tells whether the document states that the issuer does something.
    #[must_use]
    pub fn states(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
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

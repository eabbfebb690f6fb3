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
        // A query is added to it, so it has no fragment; in one, `http` takes any character.
        let is_plain = |page: &str| page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        self.address(name).filter(|page| is_plain(page) && is_trusted(page))
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

    #[test]
    fn a_page_takes_a_query_and_fits_a_header() {
        for (page, is_one) in [
            ("https://id.example/authorize?a=b", true),
            ("https://id.example/authorize#a", false),
            ("https://id.example/authorize#\r\nx: y", false),
            ("https://id.example/authorize\u{2028}", false),
        ] {
            let endpoints = Endpoints(from_value(json!({"authorization_endpoint": page})).unwrap());
            assert_eq!(endpoints.page("authorization_endpoint").is_some(), is_one, "{page}");
        }
    }

    /// Tells in simpler words whether a browser may be sent to a URL.
    fn is_safe(url: &str) -> bool {
        let Some((scheme, rest)) = url.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let is_port = |rest: &str| rest.is_empty() || rest.starts_with(':');
        let is_local = ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|host| authority.strip_prefix(host).is_some_and(is_port));
        scheme.eq_ignore_ascii_case("https") || (scheme.eq_ignore_ascii_case("http") && is_local)
    }

    #[test]
    fn fuzzed_documents_send_nobody_to_an_unsafe_page_and_their_members_are_read_one_by_one() {
        fuzz::documents("discovery").play(|text| {
            let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) else { return false };
            let all = Endpoints(members.clone());
            let mut pages = 0;
            for (name, value) in &members {
                let alone = Endpoints([(name.clone(), value.clone())].into_iter().collect());
                assert_eq!(all.address(name).as_deref(), value.as_str());
                assert_eq!((all.page(name), all.states(name)), (alone.page(name), *value == true));
                if let Some(page) = all.page(name) {
                    pages += 1;
                    assert_eq!(Some(&page), all.address(name).as_ref());
                    assert!(is_safe(&page) && page.chars().all(|c| ('!'..='~').contains(&c) && c != '#'));
                }
                let list: Option<Vec<_>> =
                    value.as_array().map(|list| list.iter().map(Value::as_str).collect());
                let lists = list.map(|list| list.contains(&Some("client_secret_basic")));
                assert_eq!(all.lists(name, "client_secret_basic"), lists);
            }
            pages > 0
        });
    }
}

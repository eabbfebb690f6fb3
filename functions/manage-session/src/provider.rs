//! The identity provider, as the console's sign-in uses it: where people sign in, and what their codes are worth.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{
    app::{BadSetting, Environment, Moment},
    causes,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::sign_in::SignedIn;
use form_urlencoded::{Serializer, byte_serialize};
use lambda_http::http::HeaderValue;
use serde::Deserialize;
use serde_json::{Map, Value};
use sign_in::{
    Accepted, Discovery, Documents, Endpoints, Form, Issuer, IssuerFailure, Jwks, Profile, Purpose, verify,
};

use crate::{attempt::Attempt, client::Client, provider_error::ProviderError};

/// The longest time that one request to the provider may take. A sign-in sends at most five, one after another: all end
/// before the gateway's 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The largest answer, bytes.
const MAX_ANSWER_SIZE: usize = 64 * 1024;

/// How long the discovery document is kept.
const ENDPOINTS_MAX_AGE: Duration = Duration::from_hours(1);

/// The identity provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) issuer: Issuer,
    jwks: Jwks,
    discovery: Discovery,
    documents: Documents,
    endpoints: Mutex<Option<(Arc<Endpoints>, Moment)>>,
}

/// The answer of the token endpoint. It has no `Debug`.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

impl Provider {
    pub(crate) fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        let issuer = Issuer::from_env(environment)?;
        Ok(Self {
            jwks: Jwks::new(&issuer.url, environment.optional("OIDC_JWKS_URL"), TIMEOUT),
            discovery: Discovery::of(&issuer.url),
            documents: Documents::new(TIMEOUT, MAX_ANSWER_SIZE),
            endpoints: Mutex::default(),
            issuer,
        })
    }

    /// Returns the URL at which a person signs in, for an answer to `redirect_uri`.
    pub(crate) async fn sign_in_url(
        &self,
        client: &Client,
        attempt: &Attempt,
        redirect_uri: &str,
        now: Moment,
    ) -> Result<String, ProviderError> {
        const ENDPOINT: &str = "authorization_endpoint";
        let endpoint = self.endpoints(now).await?.page(ENDPOINT);
        let endpoint = endpoint.ok_or(ProviderError::NoEndpoint(ENDPOINT))?;
        Ok(with_query(
            &endpoint,
            &[
                ("response_type", "code"),
                ("client_id", &client.id),
                ("redirect_uri", redirect_uri),
                ("scope", &client.scopes),
                ("state", attempt.state()),
                ("nonce", &attempt.nonce()),
                ("code_challenge", &attempt.challenge()),
                ("code_challenge_method", "S256"),
            ],
        ))
    }

    /// Tells whether an answer may be of this issuer, by its `iss` (RFC 9207).
    pub(crate) async fn is_answer_of(&self, iss: Option<&str>, now: Moment) -> Result<bool, ProviderError> {
        match iss {
            Some(iss) => Ok(iss == self.issuer.url),
            None => {
                let always_sent = "authorization_response_iss_parameter_supported";
                Ok(!self.endpoints(now).await?.states(always_sent))
            }
        }
    }

    /// Returns the person who signed in. Takes the code to the token endpoint once, whatever becomes of it.
    pub(crate) async fn person(
        &self,
        client: &Client,
        attempt: &Attempt,
        code: &str,
        redirect_uri: &str,
        now: Moment,
    ) -> Result<SignedIn, ProviderError> {
        const ENDPOINT: &str = "token_endpoint";
        let endpoints = self.endpoints(now).await?;
        let endpoint = endpoints.address(ENDPOINT).ok_or(ProviderError::NoEndpoint(ENDPOINT))?;
        let form = token_request(client, &endpoints, attempt, code, redirect_uri, now).await?;
        let tokens: Tokens =
            self.documents.send_form(&endpoint, &form).await.map_err(ProviderError::of_token_endpoint)?;
        let nonce = attempt.nonce();
        let purpose = Purpose::Console { client_id: &client.id, nonce: &nonce };
        let accepted = verify(&self.issuer, purpose, &self.jwks, &tokens.id_token, now).await?;
        self.complete(&endpoints, accepted, tokens.access_token).await
    }

    /// Asks the userinfo endpoint once, where the ID token does not say all of the person.
    async fn complete(
        &self,
        endpoints: &Endpoints,
        accepted: Accepted,
        access_token: Option<String>,
    ) -> Result<SignedIn, ProviderError> {
        let sign_in = accepted.sign_in.clone();
        let lacks_proof = sign_in.verified_email().is_none() && !accepted.address_denied;
        if sign_in.name.is_some() && !lacks_proof {
            return Ok(sign_in);
        }
        let (Some(endpoint), Some(token)) = (endpoints.address("userinfo_endpoint"), access_token) else {
            return Ok(sign_in);
        };
        let claims: Map<String, Value> = match self.documents.get_as(&endpoint, &token).await {
            Ok(claims) => claims,
            Err(IssuerFailure::Refused { .. }) => return Ok(sign_in),
            // The person is known already.
            Err(failure) if sign_in.email.is_some() => {
                tracing::warn!(causes = causes(&failure), "could not ask the issuer for more of a person");
                return Ok(sign_in);
            }
            Err(failure) => return Err(failure.into()),
        };
        let profile = Profile::read(&claims, &accepted, &self.issuer).ok_or(ProviderError::AnotherSubject)?;
        Ok(profile.complete(&accepted))
    }

    /// Returns the page at which people sign out of the provider too, if there is one.
    pub(crate) async fn sign_out_url(
        &self,
        client: &Client,
        back: &str,
        now: Moment,
    ) -> Result<Option<String>, ProviderError> {
        let page = self.endpoints(now).await?.page("end_session_endpoint");
        let fields = [("client_id", client.id.as_str()), ("post_logout_redirect_uri", back)];
        Ok(page.map(|page| with_query(&page, &fields)))
    }

    /// Returns the discovery document of the last hour.
    async fn endpoints(&self, now: Moment) -> Result<Arc<Endpoints>, IssuerFailure> {
        let held = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((endpoints, _)) = held.filter(|(_, read)| read.is_within(ENDPOINTS_MAX_AGE, now)) {
            return Ok(endpoints);
        }
        let endpoints = Arc::new(self.discovery.fetch(&self.documents).await?);
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&endpoints), now));
        Ok(endpoints)
    }
}

/// Makes the request for tokens. A client with a secret proves itself in the header, unless the provider takes it in
/// the form alone.
async fn token_request(
    client: &Client,
    endpoints: &Endpoints,
    attempt: &Attempt,
    code: &str,
    redirect_uri: &str,
    now: Moment,
) -> Result<Form, ProviderError> {
    let mut fields = Serializer::new(String::new());
    fields.extend_pairs([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", attempt.verifier()),
    ]);
    let Some(secret) = &client.secret else {
        return Ok(Form { body: fields.append_pair("client_id", &client.id).finish(), authorization: None });
    };
    let secret = secret.value(now).await?;
    let methods = "token_endpoint_auth_methods_supported";
    if endpoints.lists(methods, "client_secret_basic").unwrap_or(true) {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = STANDARD.encode(format!("{}:{}", encoded(&client.id), encoded(&secret)));
        let credential = HeaderValue::try_from(format!("Basic {pair}")).expect("base64 is visible ASCII");
        return Ok(Form { body: fields.finish(), authorization: Some(credential) });
    }
    let fields = fields.append_pair("client_id", &client.id).append_pair("client_secret", &secret);
    Ok(Form { body: fields.finish(), authorization: None })
}

/// Adds fields to an address, which may have some.
fn with_query(url: &str, fields: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde_json::value::RawValue;

    use super::*;

    /// The members of an object in their order, also those that come twice.
    struct Members(Vec<(String, Box<RawValue>)>);

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Self(Vec::new()))
        }
    }

    impl<'de> Visitor<'de> for Members {
        type Value = Self;

        fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Self, A::Error> {
            while let Some(member) = object.next_entry()? {
                self.0.push(member);
            }
            Ok(self)
        }
    }

    impl Members {
        /// Returns the value of a member, `Err` if there are several.
        fn only(&self, wanted: &str) -> Result<Option<&str>, ()> {
            let mut values = self.0.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.get());
            let first = values.next();
            if values.next().is_some() { Err(()) } else { Ok(first) }
        }

        /// Reads the two members, each by itself.
        fn tokens(&self) -> Option<(String, Option<String>)> {
            let id_token = serde_json::from_str(self.only("id_token").ok()??).ok()?;
            let access_token = self.only("access_token").ok()?.unwrap_or("null");
            Some((id_token, serde_json::from_str(access_token).ok()?))
        }
    }

    fn read(answer: &str) -> Option<(String, Option<String>)> {
        let tokens: Tokens = Documents::parse(answer.as_bytes())?;
        Some((tokens.id_token, tokens.access_token))
    }

    #[test]
    fn fields_are_added_to_those_of_an_address() {
        let added = |url| with_query(url, &[("a", "b c"), ("d", "&")]);
        assert_eq!(added("https://id.example/x"), "https://id.example/x?a=b+c&d=%26");
        assert_eq!(added("https://id.example/x?y=z"), "https://id.example/x?y=z&a=b+c&d=%26");
    }

    #[test]
    fn fuzzed_answers_of_token_endpoints_are_objects_that_name_each_token_once() {
        fuzz::documents("token_answer").play(|text| {
            let members: Option<Members> = serde_json::from_str(text).ok();
            let tokens = read(text);
            assert_eq!(tokens, members.as_ref().and_then(Members::tokens));
            let (Some((id_token, _)), Some(members)) = (&tokens, members) else { return false };
            let rest = text.trim_ascii_start().strip_prefix('{').unwrap();
            let with = |more: &str| read(&format!("{{{more}, {rest}"));
            assert_eq!(with(r#""token_type": ["Bearer"]"#), tokens, "other members change nothing");
            assert_eq!(with(r#""id_token": "a""#), None);
            let has_access_token = members.only("access_token") != Ok(None);
            let second = (!has_access_token).then(|| (id_token.clone(), None));
            assert_eq!(with(r#""access_token": null"#), second);
            true
        });
    }
}

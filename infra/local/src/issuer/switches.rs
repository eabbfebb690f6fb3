//! What other issuers do differently, switched on for tests.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::template::AUDIENCE;

/// What the development issuer does as others do. By default its tokens hold everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// What its tokens hold.
    pub tokens: TokenShape,
    /// What tokens and userinfo say of the address.
    pub email_verified: EmailVerified,
    /// Whether `sub` differs from application to application, so that only `oid` names the person.
    pub pairwise_subjects: bool,
    /// How the userinfo endpoint answers.
    pub userinfo: UserinfoBehavior,
    /// What the ID tokens of the code flow hold.
    pub id_token: IdTokenShape,
    /// How the token endpoint answers.
    pub token_endpoint: TokenEndpointBehavior,
    /// Whether each connection to the issuer ends without an answer.
    pub down: bool,
}

/// What tokens hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenShape {
    /// Name, address and `email_verified`.
    #[default]
    Full,
    /// Neither name nor address.
    Thin,
    /// As access tokens of Amazon Cognito: no `aud` but `client_id`, and `username`.
    Cognito,
    /// As access tokens of Auth0: a list of audiences with the userinfo endpoint among them.
    Auth0,
    /// As access tokens of Okta: `scp`, a list.
    Okta,
    /// As access tokens of Microsoft Entra: `oid`, `preferred_username`, and no `email_verified`.
    Entra,
}

/// What tokens and userinfo say of the address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailVerified {
    /// `true`.
    #[default]
    True,
    /// The text `"true"`.
    Text,
    /// `false`.
    False,
    /// Nothing.
    Absent,
}

/// How the userinfo endpoint answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserinfoBehavior {
    /// With the claims of the bearer.
    #[default]
    Claims,
    /// The discovery document names no such endpoint.
    Missing,
    /// With 403.
    Refuses,
    /// With 500.
    Fails,
    /// Never.
    Hangs,
    /// With the claims of somebody else.
    AnotherSubject,
    /// With a redirection to the right answer.
    Redirects,
    /// With more than 64 KB.
    TooLarge,
    /// With something that is no JSON.
    Malformed,
}

/// What the ID tokens of the code flow hold: what they must, or one fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenShape {
    /// All that they must.
    #[default]
    Full,
    /// Neither name nor address.
    Thin,
    /// The nonce of another request.
    WrongNonce,
    /// No nonce.
    NoNonce,
    /// The audience is another client.
    WrongAudience,
    /// The client and another one in `aud`, and no `azp`.
    SeveralAudiences,
    /// The same, with the client in `azp`.
    SeveralAudiencesOfClient,
    /// Another client in `azp`.
    WrongAuthorizedParty,
    /// Another issuer.
    WrongIssuer,
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// `alg` is `HS256`.
    SharedSecret,
    /// The header has `crit`.
    Critical,
    /// It expires at this second.
    Expired,
    /// It was issued more than 30 seconds after now.
    IssuedLater,
    /// No `iat`.
    NoIssuedAt,
    /// No `sub`.
    NoSubject,
    /// Signed with a key that the JWKS does not hold, by its own `kid`.
    UnknownKey,
    /// Signed with that key, by the `kid` of the one in the JWKS.
    ForgedSignature,
}

/// How the token endpoint answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointBehavior {
    /// With tokens.
    #[default]
    Tokens,
    /// With 500.
    Fails,
    /// It never sees the request.
    LosesRequest,
    /// It does its work, and the answer is lost.
    LosesReply,
    /// Never.
    Hangs,
    /// With something that is no object.
    Malformed,
    /// With more than 64 KB.
    TooLarge,
    /// Without an ID token.
    NoIdToken,
    /// With an ID token that is no JWT.
    NoJwt,
    /// With 401, as to a client that it does not know.
    RefusesClient,
}

impl IdTokenShape {
    /// Tells whether the token is signed with a key that is not published.
    pub(super) fn is_forged(self) -> bool {
        matches!(self, Self::UnknownKey | Self::ForgedSignature)
    }

    /// Puts the fault into header or claims of a good token of `now`.
    pub(super) fn apply(self, header: &mut Value, claims: &mut Value, now: i64, unknown_key: &str) {
        let client = claims["aud"].clone();
        match self {
            Self::Full | Self::ForgedSignature => {}
            Self::Thin => remove(claims, &["email", "email_verified", "name"]),
            Self::WrongNonce => claims["nonce"] = json!("of-another-request"),
            Self::NoNonce => remove(claims, &["nonce"]),
            Self::WrongAudience => claims["aud"] = json!("another-client"),
            Self::SeveralAudiences => claims["aud"] = json!([client, "another-client"]),
            Self::SeveralAudiencesOfClient => {
                claims["aud"] = json!([client, "another-client"]);
                claims["azp"] = client;
            }
            Self::WrongAuthorizedParty => claims["azp"] = json!("another-client"),
            Self::WrongIssuer => claims["iss"] = json!("https://another.example"),
            Self::Unsigned => header["alg"] = json!("none"),
            Self::SharedSecret => header["alg"] = json!("HS256"),
            Self::Critical => header["crit"] = json!(["exp"]),
            Self::Expired => claims["exp"] = json!(now),
            Self::IssuedLater => claims["iat"] = json!(now + 60),
            Self::NoIssuedAt => remove(claims, &["iat"]),
            Self::NoSubject => remove(claims, &["sub"]),
            Self::UnknownKey => header["kid"] = json!(unknown_key),
        }
    }
}

impl Switches {
    /// Returns the subject by which an application knows a person.
    pub(super) fn subject(self, person: &str, application: &str) -> String {
        if self.has_pairwise_subjects() {
            format!("pairwise-{application}-{person}")
        } else {
            person.to_owned()
        }
    }

    fn has_pairwise_subjects(self) -> bool {
        self.pairwise_subjects || self.tokens == TokenShape::Entra
    }

    /// Writes the name that the person has in all applications, where `sub` differs among them.
    pub(super) fn name_person(self, claims: &mut Value, person: &str) {
        if self.has_pairwise_subjects() {
            claims["oid"] = json!(person);
        }
    }

    /// Writes what is said of the address.
    pub(super) fn say_verified(self, claims: &mut Value) {
        claims["email_verified"] = match self.email_verified {
            EmailVerified::True => json!(true),
            EmailVerified::Text => json!("true"),
            EmailVerified::False => json!(false),
            EmailVerified::Absent => {
                remove(claims, &["email_verified"]);
                return;
            }
        };
    }

    /// Gives the claims of a token their shape.
    pub(super) fn shape(self, claims: &mut Value, person: &str, userinfo_endpoint: &str) {
        self.name_person(claims, person);
        match self.tokens {
            TokenShape::Full => return,
            TokenShape::Thin => {}
            TokenShape::Cognito => {
                remove(claims, &["aud"]);
                claims["client_id"] = json!(AUDIENCE);
                claims["username"] = json!(person);
                claims["token_use"] = json!("access");
                claims["scope"] = json!("openid email profile");
            }
            TokenShape::Auth0 => {
                claims["aud"] = json!([AUDIENCE, userinfo_endpoint]);
                claims["azp"] = json!("an-application");
                claims["scope"] = json!("openid email profile");
            }
            TokenShape::Okta => {
                claims["cid"] = json!("an-application");
                claims["uid"] = json!(person);
                claims["scp"] = json!(["openid", "email", "profile"]);
            }
            TokenShape::Entra => {
                claims["preferred_username"] = claims["email"].clone();
                claims["ver"] = json!("2.0");
                claims["scp"] = json!("access");
                remove(claims, &["email", "email_verified"]);
                return;
            }
        }
        remove(claims, &["email", "email_verified", "name"]);
    }
}

fn remove(claims: &mut Value, names: &[&str]) {
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|name, _| !names.contains(&name.as_str()));
    }
}

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

impl Switches {
    /// Returns the subject of a person.
    pub(super) fn subject(self, person: &str) -> String {
        if self.pairwise_subjects || self.tokens == TokenShape::Entra {
            format!("pairwise-{AUDIENCE}-{person}")
        } else {
            person.to_owned()
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
        if self.pairwise_subjects {
            claims["oid"] = json!(person);
        }
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
                claims["oid"] = json!(person);
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

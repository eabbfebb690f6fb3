//! The authorizer's context: the one contract between the authorizer and the functions behind it.
//!
//! The gateway carries it from the authorizer to a backend. All its values are text, so that REST and
//! HTTP APIs agree; one that does not apply to a caller is empty.

use std::collections::HashMap;

use lambda_http::{RequestExt as _, request::RequestContext};
use serde::Serialize;
use serde_json::Value;

/// The sixteen texts that describe a caller to a backend.
///
/// Backends outside this repository read them too: a name never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuthorizerContext {
    /// The caller's organization; empty for a sign-in on a route without one.
    pub organization_id: String,
    /// `active` or `suspended`.
    pub organization_status: String,
    /// The caller's user.
    pub user_id: String,
    /// `owner`, `normal` or `machine`.
    pub user_kind: String,
    /// The user's name, or the name that the identity provider gave.
    pub user_name: String,
    /// `access_key` or `oidc`.
    pub auth_method: String,
    /// The access key of this request.
    pub key_id: String,
    /// That key's name.
    pub key_name: String,
    /// The user's roles, separated by spaces.
    pub roles: String,
    /// The caller's permissions, separated by spaces.
    pub permissions: String,
    /// When the secret of the request ends (RFC 3339): with its key, or a replaced one with its overlap. Empty for one
    /// that never does.
    pub expires_at: String,
    /// The days until then; a started day counts as a whole one.
    pub expires_in_days: String,
    /// The identity provider of the sign-in.
    pub issuer: String,
    /// The person, as the identity provider names them.
    pub subject: String,
    /// The e-mail address of the sign-in.
    pub email: String,
    /// `true` or `false`: whether the identity provider checked that address.
    pub email_verified: String,
}

/// The authorizer's context, or another value that the gateway adds to each event, is missing or malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authorizer's context has no usable {0}")]
pub struct BadContext(pub &'static str);

impl AuthorizerContext {
    /// The most bytes of all values of a context. The authorizer refuses a caller whose context is larger.
    pub const MAX_BYTES: usize = 20 * 1024;

    /// The most bytes of all values of a context of a WebSocket API: 7.5 KiB.
    pub const MAX_WEBSOCKET_BYTES: usize = 7_680;

    /// Reads the context that the gateway passed on with a request.
    pub fn of_request(request: &lambda_http::Request) -> Result<Self, BadContext> {
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            return Err(BadContext("gateway"));
        };
        let authorizer = context.authorizer.as_ref().ok_or(BadContext("fields"))?;
        Self::from_fields(&authorizer.fields)
    }

    /// Counts the bytes of all values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // Without `..`: a member that is added later counts too.
        let Self {
            organization_id,
            organization_status,
            user_id,
            user_kind,
            user_name,
            auth_method,
            key_id,
            key_name,
            roles,
            permissions,
            expires_at,
            expires_in_days,
            issuer,
            subject,
            email,
            email_verified,
        } = self;
        let values = [
            organization_id,
            organization_status,
            user_id,
            user_kind,
            user_name,
            auth_method,
            key_id,
            key_name,
            roles,
            permissions,
            expires_at,
            expires_in_days,
            issuer,
            subject,
            email,
            email_verified,
        ];
        values.iter().map(|value| value.len()).sum()
    }

    /// Reads the context from its fields. Fails unless all sixteen are there and are text.
    pub fn from_fields(fields: &HashMap<String, Value>) -> Result<Self, BadContext> {
        let text = |name| {
            let value = fields.get(name).and_then(Value::as_str);
            value.map(str::to_owned).ok_or(BadContext(name))
        };
        Ok(Self {
            organization_id: text("organization_id")?,
            organization_status: text("organization_status")?,
            user_id: text("user_id")?,
            user_kind: text("user_kind")?,
            user_name: text("user_name")?,
            auth_method: text("auth_method")?,
            key_id: text("key_id")?,
            key_name: text("key_name")?,
            roles: text("roles")?,
            permissions: text("permissions")?,
            expires_at: text("expires_at")?,
            expires_in_days: text("expires_in_days")?,
            issuer: text("issuer")?,
            subject: text("subject")?,
            email: text("email")?,
            email_verified: text("email_verified")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The contract with backends.
    const NAMES: [&str; 16] = [
        "organization_id",
        "organization_status",
        "user_id",
        "user_kind",
        "user_name",
        "auth_method",
        "key_id",
        "key_name",
        "roles",
        "permissions",
        "expires_at",
        "expires_in_days",
        "issuer",
        "subject",
        "email",
        "email_verified",
    ];

    fn fields(values: &[String]) -> HashMap<String, Value> {
        NAMES.into_iter().zip(values).map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }

    #[test]
    fn the_names_are_those_of_the_contract_and_every_value_is_text() {
        let written = serde_json::to_value(AuthorizerContext::default()).unwrap();
        let written = written.as_object().unwrap();
        let mut names = NAMES;
        names.sort_unstable();
        assert_eq!(written.keys().collect::<Vec<_>>(), names);
        assert!(written.values().all(|value| value == ""));
    }

    #[test]
    fn a_missing_value_and_one_that_is_no_text_are_named() {
        let whole = fields(&vec![String::new(); 16]);
        assert_eq!(AuthorizerContext::from_fields(&whole), Ok(AuthorizerContext::default()));
        for name in NAMES {
            for odd in [json!(null), json!(7), json!(true), json!([]), json!({})] {
                let mut fields = whole.clone();
                fields.insert(name.to_owned(), odd);
                assert_eq!(AuthorizerContext::from_fields(&fields), Err(BadContext(name)));
            }
            let mut fields = whole.clone();
            fields.remove(name);
            assert_eq!(AuthorizerContext::from_fields(&fields), Err(BadContext(name)));
        }
    }

    proptest! {
        #[test]
        fn each_value_is_read_under_the_name_that_it_is_written_under(
            values in proptest::collection::vec(any::<String>(), 16),
        ) {
            let fields = fields(&values);
            let context = AuthorizerContext::from_fields(&fields).unwrap();
            prop_assert_eq!(serde_json::to_value(&context).unwrap(), json!(fields));
            prop_assert_eq!(context.bytes(), values.iter().map(String::len).sum::<usize>());
        }
    }
}

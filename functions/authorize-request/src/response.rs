//! The authorizer's response, in the gateway's two formats.

mod policy;

use api::{AuthorizerContext, Caller};
use lambda_runtime::Diagnostic;
use policy::{PolicyDocument, policy};
use serde::Serialize;

use crate::{
    authorizer_request::{AuthorizerRequest, Format},
    refusal::Refusal,
};

pub(crate) use policy::Scope;

/// The authorizer's response to the gateway.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AuthorizerResponse {
    /// The simple response of HTTP APIs.
    #[serde(rename_all = "camelCase")]
    Simple {
        /// Whether the request passes.
        is_authorized: bool,
        /// The caller, for the backend.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<AuthorizerContext>,
    },
    /// The policy of REST and WebSocket APIs.
    #[serde(rename_all = "camelCase")]
    Policy {
        /// The caller, for the gateway's own log.
        principal_id: String,
        /// The rights of the caller: everything of this API and stage or this method alone, or nothing of it.
        policy_document: PolicyDocument,
        /// The caller, for the backend.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<AuthorizerContext>,
    },
}

/// Lets the request pass as `caller`.
pub(crate) fn allow(
    request: &AuthorizerRequest,
    scope: Scope,
    caller: &Caller,
    context: AuthorizerContext,
) -> AuthorizerResponse {
    let context = Some(context);
    match &request.format {
        Format::Simple => AuthorizerResponse::Simple { is_authorized: true, context },
        Format::Policy { method_arn } => AuthorizerResponse::Policy {
            principal_id: principal(caller),
            policy_document: policy("Allow", method_arn, scope),
            context,
        },
    }
}

/// Refuses the request. A REST API answers 401 only to this one error message.
pub(crate) fn refuse(
    request: &AuthorizerRequest,
    scope: Scope,
    refusal: Refusal,
) -> Result<AuthorizerResponse, Diagnostic> {
    match &request.format {
        Format::Simple => Ok(AuthorizerResponse::Simple { is_authorized: false, context: None }),
        Format::Policy { method_arn } if refusal.is_of_known_caller() => Ok(AuthorizerResponse::Policy {
            principal_id: "refused".to_owned(),
            policy_document: policy("Deny", method_arn, scope),
            context: None,
        }),
        Format::Policy { .. } => Err(Diagnostic {
            error_type: "Unauthorized".to_owned(),
            error_message: "Unauthorized".to_owned(),
        }),
    }
}

/// Returns an id without characters of a token's choice, because gateways write it to their logs.
fn principal(caller: &Caller) -> String {
    match caller {
        Caller::Member(member) => member.user_id.to_string(),
        Caller::SignIn(sign_in) => sign_in.hash(),
    }
}

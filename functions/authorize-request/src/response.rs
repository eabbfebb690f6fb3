//! The authorizer's response, in the gateway's two formats.

use api::{AuthorizerContext, Caller};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::{
    authorizer_request::{AuthorizerRequest, Format},
    refusal::Refusal,
};

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
    /// The policy of REST APIs.
    #[serde(rename_all = "camelCase")]
    Policy {
        /// The caller, for the gateway's own log.
        principal_id: String,
        /// The rights of the caller: everything of this API and stage, or nothing.
        policy_document: PolicyDocument,
        /// The caller, for the backend.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<AuthorizerContext>,
    },
}

/// An IAM policy of one statement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

/// Lets the request pass as `caller`.
pub(crate) fn allow(
    request: &AuthorizerRequest,
    caller: &Caller,
    context: AuthorizerContext,
) -> AuthorizerResponse {
    let context = Some(context);
    match &request.format {
        Format::Simple => AuthorizerResponse::Simple { is_authorized: true, context },
        Format::Policy { method_arn } => AuthorizerResponse::Policy {
            principal_id: principal(caller).to_owned(),
            policy_document: policy("Allow", method_arn),
            context,
        },
    }
}

/// Refuses the request. A REST API answers 401 only to this one error message.
pub(crate) fn refuse(
    request: &AuthorizerRequest,
    refusal: Refusal,
) -> Result<AuthorizerResponse, Diagnostic> {
    match &request.format {
        Format::Simple => Ok(AuthorizerResponse::Simple { is_authorized: false, context: None }),
        Format::Policy { method_arn } if refusal.is_of_known_caller() => Ok(AuthorizerResponse::Policy {
            principal_id: "refused".to_owned(),
            policy_document: policy("Deny", method_arn),
            context: None,
        }),
        Format::Policy { .. } => Err(Diagnostic {
            error_type: "Unauthorized".to_owned(),
            error_message: "Unauthorized".to_owned(),
        }),
    }
}

fn principal(caller: &Caller) -> &str {
    match caller {
        Caller::Member(member) => member.user_id.as_str(),
        Caller::SignIn(sign_in) => &sign_in.subject,
    }
}

/// Covers the whole API and stage, so that a policy that a gateway caches never denies another route.
fn policy(effect: &'static str, method_arn: &str) -> PolicyDocument {
    let mut parts = method_arn.split('/');
    let (api, stage) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("*"));
    let resource = format!("{api}/{stage}/*");
    PolicyDocument {
        version: "2012-10-17",
        statement: [Statement { action: "execute-api:Invoke", effect, resource }],
    }
}

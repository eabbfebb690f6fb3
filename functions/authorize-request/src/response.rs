//! The authorizer's response, in the gateway's two formats.

use api::{AuthorizerContext, Caller};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::{
    authorizer_request::{AuthorizerRequest, Format},
    refusal::Refusal,
    settings::Authorizer,
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
        /// The rights of the caller: everything of this API and stage or this method alone, or nothing of it.
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

/// What a policy covers. A gateway that caches it applies it to the caller's next requests of other methods too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole API and stage, so that a cached policy never denies another route.
    Stage,
    /// This method alone, because another may need a permission. A cached policy then denies it, and never opens it.
    Method,
}

impl Scope {
    /// Chooses the scope of a request's policy.
    ///
    /// Refuses a path with a wildcard of policies where the scope is the method: a cached policy would cover
    /// other methods.
    pub(crate) fn of(authorizer: &Authorizer, request: &AuthorizerRequest) -> Result<Self, Refusal> {
        match &request.format {
            Format::Policy { method_arn } if authorizer.routes.concern(&request.api_id) => {
                if method_arn.contains(WILDCARDS) { Err(Refusal::WildcardInPath) } else { Ok(Self::Method) }
            }
            _ => Ok(Self::Stage),
        }
    }
}

/// Characters that stand for others in the resource of a policy.
const WILDCARDS: [char; 3] = ['*', '?', '$'];

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
            principal_id: principal(caller).to_owned(),
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

fn principal(caller: &Caller) -> &str {
    match caller {
        Caller::Member(member) => member.user_id.as_str(),
        Caller::SignIn(sign_in) => &sign_in.subject,
    }
}

fn policy(effect: &'static str, method_arn: &str, scope: Scope) -> PolicyDocument {
    let resource = match scope {
        Scope::Stage => {
            let mut parts = method_arn.split('/');
            let (api, stage) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("*"));
            format!("{api}/{stage}/*")
        }
        Scope::Method => method_arn.to_owned(),
    };
    PolicyDocument {
        version: "2012-10-17",
        statement: [Statement { action: "execute-api:Invoke", effect, resource }],
    }
}

use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::{
    Decision,
    context::Context,
    event::{Format, Presented},
};

/// What the gateway is told.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The simple response of HTTP APIs.
    #[serde(rename_all = "camelCase")]
    Simple {
        /// Whether the request passes.
        is_authorized: bool,
        /// What the backend learns.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Context>,
    },
    /// The policy of REST APIs.
    #[serde(rename_all = "camelCase")]
    Policy {
        /// Who the caller is, to the gateway's own log.
        principal_id: String,
        /// What the caller may invoke: everything of this API and stage, or nothing.
        policy_document: PolicyDocument,
        /// What the backend learns.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Context>,
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

/// Renders a decision. A REST API answers 401 only to this one error message.
pub(crate) fn answer(presented: &Presented, decision: Decision) -> Result<Answer, Diagnostic> {
    let Format::Policy { method_arn } = &presented.format else {
        return Ok(Answer::Simple { is_authorized: decision.is_ok(), context: decision.ok() });
    };
    match decision {
        Err(refusal) if !refusal.is_of_known_caller() => Err(Diagnostic {
            error_type: "Unauthorized".to_owned(),
            error_message: "Unauthorized".to_owned(),
        }),
        refused_or_not => {
            let effect = if refused_or_not.is_ok() { "Allow" } else { "Deny" };
            let context = refused_or_not.ok();
            let principal = context.as_ref().map_or("refused", Context::principal);
            Ok(Answer::Policy {
                principal_id: principal.to_owned(),
                policy_document: policy(effect, method_arn),
                context,
            })
        }
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

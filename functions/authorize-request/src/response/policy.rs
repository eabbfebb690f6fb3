//! The IAM policy with which a REST or WebSocket API is answered.

use serde::Serialize;

use crate::{
    authorizer_request::{AuthorizerRequest, Format},
    refusal::Refusal,
    settings::Authorizer,
    stop::Stop,
};

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
    /// other methods. The path of a WebSocket API is fixed.
    pub(crate) async fn of(authorizer: &Authorizer, request: &AuthorizerRequest) -> Result<Self, Stop> {
        let Format::Policy { method_arn } = &request.format else { return Ok(Self::Stage) };
        let table = &authorizer.app.table;
        let concerned = authorizer.routes.concern(&request.ids.api_id);
        if !concerned && authorizer.declarations.of(table, request).await?.get().is_none() {
            return Ok(Self::Stage);
        }
        if !request.connects() && method_arn.contains(WILDCARDS) {
            return Err(Refusal::WildcardInPath.into());
        }
        Ok(Self::Method)
    }
}

/// Characters that stand for others in the resource of a policy.
const WILDCARDS: [char; 3] = ['*', '?', '$'];

/// Makes the policy of a request: `Allow` or `Deny`.
pub(super) fn policy(effect: &'static str, method_arn: &str, scope: Scope) -> PolicyDocument {
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

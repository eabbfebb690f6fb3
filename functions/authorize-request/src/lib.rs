//! Decides, for API Gateway, whether a request may pass and as whom.
//!
//! A refusal is an answer; whatever keeps the authorizer from knowing is an error, which the
//! gateway answers with a 500. Nothing that fails ever lets a request pass.

mod answer;
mod context;
mod credential;
mod event;
mod failure;
mod headers;
mod jwt;
mod key;
mod member;
mod recent;
mod refusal;
mod reuse;
mod routes;
mod settings;
mod sign_in;
mod snapshots;

use answer::Answer;
use api::Credential;
use context::Context;
use event::Presented;
use failure::Failure;
use lambda_runtime::{Diagnostic, LambdaEvent};
use refusal::Refusal;

pub use event::Event;
pub use settings::Authorizer;

/// What comes of a request: pass with this context, or not for this reason.
type Decision = Result<Context, Refusal>;

/// Answers the gateway in the format that its event asks for.
pub async fn authorize_request(
    authorizer: &Authorizer,
    event: LambdaEvent<Event>,
) -> Result<Answer, Diagnostic> {
    let presented = event.payload.read().map_err(Failure::report)?;
    let decision = decide(authorizer, &presented).await.map_err(Failure::report)?;
    if let Err(refusal) = &decision {
        refusal.log();
    }
    answer::answer(&presented, decision)
}

async fn decide(authorizer: &Authorizer, presented: &Presented) -> Result<Decision, Failure> {
    let credential = match credential::find(presented, &authorizer.app.key_prefix) {
        Ok(credential) => credential,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // What calls to AWS hold is large, and would be moved about for requests that make none.
    match &credential {
        Credential::Token(text) => Box::pin(key::decide(authorizer, presented, text)).await,
        Credential::Jwt(text) => Box::pin(sign_in::decide(authorizer, presented, text)).await,
    }
}

//! Authorizes a request and identifies its caller.
//!
//! A refusal is a decision, and the gateway receives it as one. A failure is an error, which the gateway answers
//! with a 500. Both travel as `Stop`, so that nothing that fails ever allows a request.

mod access_key;
mod authorizer_request;
mod cache;
mod credential;
mod declared_routes;
mod failure;
mod headers;
mod member;
mod organization_cache;
mod query;
mod raw_events;
mod refusal;
mod response;
mod reuse;
mod routes;
mod session;
mod settings;
mod sign_in;
mod stop;
mod suspension;
mod userinfo;

use std::sync::Arc;

use api::{AuthorizerContext, Caller, Credential, RequestIds, set_request_ids};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::de::IgnoredAny;

use authorizer_request::AuthorizerRequest;
use failure::Failure;
use refusal::Refusal;
use response::Scope;
use stop::Stop;

pub use raw_events::RawEvents;
pub use response::AuthorizerResponse;
pub use settings::Authorizer;

/// Answers the gateway in the format of its event, which is the one in hand of `events`.
pub async fn authorize_request(
    authorizer: &Authorizer,
    events: &RawEvents,
    _: LambdaEvent<IgnoredAny>,
) -> Result<AuthorizerResponse, Diagnostic> {
    let payload = events.take();
    let request = AuthorizerRequest::parse(&payload);
    match &request {
        Ok(request) => set_request_ids(&request.ids),
        Err(_) => set_request_ids(&Arc::new(RequestIds::find(&payload))),
    }
    respond(authorizer, request.map_err(Failure::report)?).await
}

async fn respond(
    authorizer: &Authorizer,
    request: AuthorizerRequest,
) -> Result<AuthorizerResponse, Diagnostic> {
    match authorize(authorizer, &request).await {
        Ok(caller) => {
            let context = AuthorizerContext::from(&caller);
            if context.bytes() > request.max_context_bytes() {
                return refuse(authorizer, &request, Refusal::ContextTooLarge).await;
            }
            match Scope::of(authorizer, &request).await {
                Ok(scope) => Ok(response::allow(&request, scope, &caller, context)),
                Err(Stop::Refused(refusal)) => refuse(authorizer, &request, refusal).await,
                Err(Stop::Failed(failure)) => Err(failure.report()),
            }
        }
        Err(Stop::Refused(refusal)) => refuse(authorizer, &request, refusal).await,
        Err(Stop::Failed(failure)) => Err(failure.report()),
    }
}

async fn refuse(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    refusal: Refusal,
) -> Result<AuthorizerResponse, Diagnostic> {
    refusal.log();
    // Only the refusal of a known caller is a policy. For a stranger nothing is read.
    let scope = if refusal.is_of_known_caller() {
        Scope::of(authorizer, request).await.unwrap_or(Scope::Method)
    } else {
        Scope::Method
    };
    response::refuse(request, scope, refusal)
}

async fn authorize(authorizer: &Authorizer, request: &AuthorizerRequest) -> Result<Caller, Stop> {
    // The state of calls to AWS is large. In boxes it is not moved about for requests that make no call.
    if request.headers.console.is_marked() {
        return Box::pin(session::authorize(authorizer, request)).await;
    }
    match &credential::find(request, &authorizer.app.key_prefix, &authorizer.issuer.url)? {
        Credential::Token(text) => Box::pin(access_key::authorize(authorizer, request, text)).await,
        Credential::Jwt(text) => Box::pin(sign_in::authorize(authorizer, request, text)).await,
    }
}

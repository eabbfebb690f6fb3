//! The custom resource by which an API that attaches the authorizer declares what its routes need.
//!
//! - `CloudFormation` gets an answer to each event that it sends: also when something fails, and before the function's time
//!   is over. Without one a deployment waits for an hour. An event that cannot be read, or whose URL is none of
//!   `CloudFormation`'s, is logged and not answered: nobody knows where the answer would go, or a stranger would get it.
//! - An event is a claim. It counts only if `CloudFormation`'s own API shows this very resource in progress, and that the
//!   API is of the same stack, or of one with the same root.
//! - What an event declares for its own API is taken as it is: no operation of `CloudFormation` shows the resolved properties of a
//!   custom resource. `GetTemplate` has them before references and parameters are resolved, `DescribeStackResource` not at all,
//!   and `DescribeChangeSet` only where a change set was made.
//! - Events come twice and late. Each changes something at most once.

mod change;
mod check;
mod cloudformation;
mod event;
mod properties;
mod resource_response;
mod response_url;
mod settings;
mod stack_id;
mod stop;

use std::time::Duration;

use api::FAILURE;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use tokio::time::timeout;

use event::ResourceEvent;
use resource_response::ResourceResponse;
use stop::Stop;

pub use settings::Declarer;

/// The time that is kept for the answer, seconds: two attempts to send it, and a rest.
const FOR_ANSWER: i64 = 10;

/// Carries out an event of `CloudFormation` and answers it at the URL that `CloudFormation` names.
///
/// Fails if `CloudFormation` did not take the answer: Lambda then repeats the event, which changes nothing twice.
pub async fn declare_routes(
    declarer: &Declarer,
    event: LambdaEvent<Value>,
) -> Result<ResourceResponse, Diagnostic> {
    let deadline = i64::try_from(event.context.deadline / 1_000).unwrap_or(i64::MAX);
    let event =
        ResourceEvent::parse(event.payload).map_err(|error| failed(&error, "could not read the event"))?;
    let answer = match declarer.response_urls.check(&event.response_url) {
        Err(error) => {
            // Nobody can be answered, and a repeat would not change that.
            tracing::error!(causes = api::causes(&error), metrics = %FAILURE, "could not answer an event");
            return Ok(ResourceResponse::failed(&event, &error.to_string()));
        }
        Ok(()) => {
            let left = deadline.saturating_sub(declarer.clock.now().seconds()).saturating_sub(FOR_ANSWER);
            let time = Duration::from_secs(u64::try_from(left).unwrap_or(0));
            // On the heap, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
            let done = timeout(time, Box::pin(change::carry_out(declarer, &event))).await;
            match done.unwrap_or(Err(Stop::TimeOut)) {
                Ok(physical_id) => ResourceResponse::succeeded(&event, physical_id),
                Err(stop) => {
                    stop.log(&event);
                    ResourceResponse::failed(&event, &stop.to_string())
                }
            }
        }
    };
    let sent = response_url::send(&declarer.app.aws, &event.response_url, &answer).await;
    sent.map_err(|error| failed(&error, "could not send the answer to CloudFormation"))?;
    Ok(answer)
}

/// Logs a failure, once, and makes it the invocation's error.
fn failed(error: &(dyn std::error::Error + 'static), message: &str) -> Diagnostic {
    tracing::error!(causes = api::causes(error), metrics = %FAILURE, "{message}");
    Diagnostic { error_type: "Failure".to_owned(), error_message: message.to_owned() }
}

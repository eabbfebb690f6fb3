//! The current invocation: its ids, and those of its request, once they are known.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use lambda_http::lambda_runtime::{Error, LambdaInvocation, Runtime, Service, tower::Layer};
use tokio::task::futures::TaskLocalFuture;

use super::{
    ending,
    members::Members,
    metrics::{Metric, Metrics, Unit},
    request_ids::{CallerIds, RequestIds},
};

tokio::task_local! {
    static INVOCATION: Rc<Invocation>;
}

#[derive(Debug, Default)]
struct Invocation {
    lambda_request_id: String,
    /// As Lambda's header has it: `Root=1-…;Parent=…;Sampled=0`.
    trace: Option<String>,
    request: OnceCell<Arc<RequestIds>>,
    caller: Cell<CallerIds>,
}

/// Sets the request of the current invocation. From now on its lines have these ids.
pub fn set_request_ids(ids: &Arc<RequestIds>) {
    // Outside an invocation there is no request.
    let _ = INVOCATION.try_with(|invocation| invocation.request.set(Arc::clone(ids)));
}

/// Sets the caller of the current request, as far as it is known.
pub fn set_caller_ids(ids: CallerIds) {
    let _ = INVOCATION.try_with(|invocation| invocation.caller.set(ids));
}

/// Writes the ids of the current invocation; none outside one.
pub(super) fn write_ids(members: &mut Members) {
    let _ = INVOCATION.try_with(|invocation| {
        if let Some(request) = invocation.request.get() {
            members.push_text("request_id", &request.request_id);
            members.push_text("api_id", &request.api_id);
            members.push_text("route", &request.route);
            members.push_text("source_ip", &request.source_ip);
        }
        let CallerIds { organization_id, user_id, key_id } = invocation.caller.get();
        members.push_caller(0, organization_id);
        members.push_caller(1, user_id);
        members.push_caller(2, key_id);
        members.push_text("lambda_request_id", &invocation.lambda_request_id);
        members.push_text("trace_id", invocation.trace.as_deref().map(root_of).unwrap_or_default());
    });
}

/// Returns the id of the whole trace.
fn root_of(trace: &str) -> &str {
    trace.split(';').find_map(|part| part.strip_prefix("Root=")).unwrap_or(trace)
}

/// Writes the line `started an instance`, then handles events until Lambda ends the process. Each line that is written during an
/// invocation has its ids, including the runtime's own lines.
///
/// # Errors
/// When the runtime fails.
pub async fn run<S>(runtime: Runtime<S>) -> Result<(), Error>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    let start: [Metric; 2] = [
        ("Starts", Unit::Count, 1),
        ("StartMilliseconds", Unit::Milliseconds, ending::milliseconds_since_start()),
    ];
    tracing::info!(metrics = %Metrics::of(&start), "started an instance");
    runtime.layer(WithIds).run().await
}

/// Wraps a service in [`ServiceWithIds`].
struct WithIds;

impl<S> Layer<S> for WithIds {
    type Service = ServiceWithIds<S>;

    fn layer(&self, inner: S) -> ServiceWithIds<S> {
        ServiceWithIds(inner)
    }
}

/// A service that runs each call as the current invocation.
struct ServiceWithIds<S>(S);

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for ServiceWithIds<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = TaskLocalFuture<Rc<Invocation>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut event: LambdaInvocation) -> Self::Future {
        let invocation = Rc::new(Invocation {
            lambda_request_id: event.context.request_id.clone(),
            // The runtime has made an environment variable of it already, and no handler reads it.
            trace: event.context.xray_trace_id.take(),
            ..Invocation::default()
        });
        let work = INVOCATION.sync_scope(Rc::clone(&invocation), || self.0.call(event));
        INVOCATION.scope(invocation, work)
    }
}

/// Runs work within an invocation.
#[cfg(test)]
pub(super) async fn invoked<T>(lambda_request_id: &str, trace: &str, work: impl Future<Output = T>) -> T {
    let invocation = Invocation {
        lambda_request_id: lambda_request_id.to_owned(),
        trace: Some(trace.to_owned()),
        ..Invocation::default()
    };
    INVOCATION.scope(Rc::new(invocation), work).await
}

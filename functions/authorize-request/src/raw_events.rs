//! Hands the bytes of each event to the handler, so that they are read once.
//!
//! The runtime deserializes every event before it calls a handler, with error messages that may hold parts of it: a
//! credential among them. So the authorizer parses events itself, with errors that say nothing of them. To deserialize
//! into raw JSON first goes through each event twice, which was most of what a malformed credential cost. Delete it
//! when the runtime hands out bytes.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use lambda_runtime::{LambdaInvocation, Service, tower::Layer};

/// What the runtime deserializes in the place of an event.
const NULL: Bytes = Bytes::from_static(b"null");

/// The bytes of the event in hand: an instance has one at a time. Clones share them.
///
/// It has no `Debug`, because events hold their callers' credentials.
#[derive(Clone, Default)]
pub struct RawEvents(Arc<Mutex<Bytes>>);

impl RawEvents {
    /// Takes the bytes of the event in hand. A second call finds none.
    #[must_use]
    pub fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S> Layer<S> for RawEvents {
    type Service = RawEventService<S>;

    fn layer(&self, inner: S) -> RawEventService<S> {
        RawEventService { events: self.clone(), inner }
    }
}

/// A service that stores the bytes of each event and passes `null` on.
pub struct RawEventService<S> {
    events: RawEvents,
    inner: S,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for RawEventService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        let event = mem::replace(&mut invocation.body, NULL);
        *self.events.0.lock().unwrap_or_else(PoisonError::into_inner) = event;
        self.inner.call(invocation)
    }
}

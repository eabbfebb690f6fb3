//! Repeats a change that another change got ahead of.

use table::{MAX_ATTEMPTS, backoff};

/// An error that may be a conflict with another change.
pub trait MayConflict {
    /// Tells whether another change got ahead of this one, which changed nothing.
    fn is_conflict(&self) -> bool;
}

/// Attempts a change until it ends without a conflict, at most [`MAX_ATTEMPTS`] times. Each attempt must read again
/// and decide again. Returns the last conflict if all attempts conflict.
pub async fn retry_on_conflict<T, E: MayConflict, F: Future<Output = Result<T, E>>>(
    attempt: impl Fn() -> F,
) -> Result<T, E> {
    retry(attempt, backoff).await
}

/// As [`retry_on_conflict`]; `wait` is called before each attempt, with its number from 0.
async fn retry<T, E: MayConflict, F: Future<Output = Result<T, E>>, W: Future<Output = ()>>(
    attempt: impl Fn() -> F,
    wait: impl Fn(u32) -> W,
) -> Result<T, E> {
    for number in 0..MAX_ATTEMPTS - 1 {
        wait(number).await;
        match attempt().await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    wait(MAX_ATTEMPTS - 1).await;
    attempt().await
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        future::ready,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::HandlerError;

    /// Attempts what conflicts `conflicts` times, and returns the number of attempts and the result.
    fn attempts(conflicts: u32) -> (u32, Result<(), HandlerError>) {
        let (made, waits) = (Cell::new(0), RefCell::new(Vec::new()));
        let attempt = || {
            made.set(made.get() + 1);
            ready(if made.get() > conflicts { Ok(()) } else { Err(table::Error::Conflict.into()) })
        };
        let retried = retry(attempt, |number| {
            waits.borrow_mut().push(number);
            ready(())
        });
        let Poll::Ready(result) = pin!(retried).poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing is waited for")
        };
        assert_eq!(waits.into_inner(), (0..made.get()).collect::<Vec<_>>());
        (made.get(), result)
    }

    #[test]
    fn a_conflict_is_retried_until_the_attempts_are_used_up() {
        for conflicts in [0, 1, MAX_ATTEMPTS - 1] {
            let (made, result) = attempts(conflicts);
            assert!(made == conflicts + 1 && result.is_ok(), "{made}: {result:?}");
        }
        let (made, result) = attempts(u32::MAX);
        assert_eq!(made, MAX_ATTEMPTS);
        assert!(result.is_err_and(|error| error.is_conflict()));
    }
}

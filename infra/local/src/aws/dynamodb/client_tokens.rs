//! The responses to completed transactions, by client token.
//!
//! The engine keeps them too, but each transaction searches all of them: the time of a test with thousands of
//! transactions would grow with the square of their number. So the engine does not receive the tokens. A repeated
//! transaction gets the first response unchanged, its consumed capacity included.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;
use tokio::sync::{OnceCell, oneshot};

use crate::{
    aws::refusals,
    http::{ConnectionDropped, Response},
    tasks::{Tasks, lock},
};

/// For how long a token is kept from its first request. `DynamoDB` counts from the end of the transaction.
const RETENTION: Duration = Duration::from_mins(10);

/// The greatest length of a token in bytes. The engine refuses a longer one.
const MAX_TOKEN_BYTES: usize = 36;

/// A transaction with a token.
#[derive(Debug)]
pub(super) struct Transaction {
    token: String,
    /// A hash of the items to write, which a repetition must not change.
    items: u64,
    /// The request without the token.
    body: Bytes,
}

/// The transactions of the last minutes.
#[derive(Debug)]
pub(super) struct ClientTokens {
    tasks: Arc<Tasks>,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_token: HashMap<String, Arc<OnceCell<Completed>>>,
    oldest_first: VecDeque<(Instant, String)>,
}

#[derive(Debug)]
struct Completed {
    items: u64,
    response: Response,
}

impl Transaction {
    /// Takes the token out of a request; `None` if the engine must get the request unchanged.
    pub(super) fn read(operation: &str, body: &Bytes) -> Option<Self> {
        if operation != "TransactWriteItems" {
            return None;
        }
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let Value::String(token) = request.as_object_mut()?.remove("ClientRequestToken")? else {
            return None;
        };
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        request["TransactItems"].hash(&mut hasher);
        Some(Self { token, items: hasher.finish(), body: request.to_string().into() })
    }
}

impl ClientTokens {
    /// Starts without tokens. The transactions are sent in `tasks`.
    pub(super) fn new(tasks: Arc<Tasks>) -> Self {
        Self { tasks, entries: Mutex::default() }
    }

    /// Sends a transaction unless it is completed. A failed one may be tried again.
    ///
    /// It is sent in a task of its own, so that a caller that hangs up does not stop it halfway.
    pub(super) async fn send_once<
        S: Future<Output = Result<Response, ConnectionDropped>> + Send + 'static,
    >(
        &self,
        transaction: Transaction,
        send: impl FnOnce(Bytes) -> S + Send + 'static,
    ) -> Result<Response, ConnectionDropped> {
        let Transaction { token, items, body } = transaction;
        let entry = self.entry(token, Instant::now());
        let (sender, result) = oneshot::channel();
        self.tasks.spawn(async move {
            let completed = entry.get_or_try_init(async || match send(body).await {
                Ok(response) if response.status().is_success() => Ok(Completed { items, response }),
                not_completed => Err(not_completed),
            });
            let outcome = match completed.await {
                Ok(completed) if completed.items == items => Ok(completed.response.clone()),
                Ok(_) => Ok(mismatch()),
                Err(not_completed) => not_completed,
            };
            sender.send(outcome).ok();
        });
        result.await.map_err(|_| ConnectionDropped)?
    }

    fn entry(&self, token: String, now: Instant) -> Arc<OnceCell<Completed>> {
        let mut entries = lock(&self.entries);
        let Entries { by_token, oldest_first } = &mut *entries;
        while let Some((_, old)) = oldest_first.pop_front_if(|(first, _)| now - *first >= RETENTION) {
            by_token.remove(&old);
        }
        match by_token.entry(token) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(free) => {
                oldest_first.push_back((now, free.key().clone()));
                Arc::clone(free.insert(Arc::default()))
            }
        }
    }
}

fn mismatch() -> Response {
    let message = "The client token was used for another transaction.";
    refusals::dynamodb(StatusCode::BAD_REQUEST, "IdempotentParameterMismatchException", message)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::sync::Notify;

    use super::*;
    use crate::http;

    fn tokens() -> ClientTokens {
        ClientTokens::new(Arc::new(Tasks::new()))
    }

    fn transaction(items: u64) -> Transaction {
        Transaction { token: "t".to_owned(), items, body: Bytes::new() }
    }

    fn response(status: StatusCode, text: &str) -> Response {
        http::response(status, "text/plain", text.to_owned())
    }

    async fn read(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_completed_transaction_gets_its_response_again_and_a_failed_one_is_tried_again() {
        let tokens = tokens();
        let send = async |items, status, text| {
            let response = response(status, text);
            read(tokens.send_once(transaction(items), |_| async { Ok(response) }).await.unwrap()).await
        };
        assert_eq!(send(1, StatusCode::BAD_REQUEST, "first").await, (400, "first".to_owned()));
        assert_eq!(send(2, StatusCode::OK, "second").await, (200, "second".to_owned()));
        assert_eq!(send(2, StatusCode::OK, "third").await, (200, "second".to_owned()));
        let (status, refused) = send(1, StatusCode::OK, "fourth").await;
        assert!(status == 400 && refused.contains("#IdempotentParameterMismatchException"), "{refused}");
    }

    #[tokio::test]
    async fn a_running_transaction_is_waited_for_even_if_its_caller_is_gone() {
        let (tokens, engine) = (tokens(), Arc::new(Notify::new()));
        let slow = Arc::clone(&engine);
        let first = tokens.send_once(transaction(1), |_| async move {
            slow.notified().await;
            Ok(response(StatusCode::OK, "first"))
        });
        tokio::select! {
            biased;
            _ = first => panic!("the engine did not answer yet"),
            () = tokio::task::yield_now() => {}
        }
        let second = tokens.send_once(transaction(1), |_| async { Ok(response(StatusCode::OK, "second")) });
        let (second, ()) = tokio::join!(second, async { engine.notify_one() });
        assert_eq!(read(second.unwrap()).await, (200, "first".to_owned()));
    }

    #[test]
    fn a_token_is_forgotten_after_ten_minutes() {
        let tokens = tokens();
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let first = tokens.entry("a".to_owned(), at(0));
        tokens.entry("b".to_owned(), at(1));
        assert!(Arc::ptr_eq(&first, &tokens.entry("a".to_owned(), at(599))));
        assert!(!Arc::ptr_eq(&first, &tokens.entry("a".to_owned(), at(600))));
        assert_eq!(lock(&tokens.entries).oldest_first.len(), 2);
    }

    #[test]
    fn a_token_is_taken_out_of_a_transaction_and_what_is_written_stays_the_same() {
        let read =
            |operation, body: &str| Transaction::read(operation, &Bytes::copy_from_slice(body.as_bytes()));
        let first = read("TransactWriteItems", r#"{"ClientRequestToken":"t","TransactItems":[1]}"#).unwrap();
        assert_eq!((first.token.as_str(), &first.body[..]), ("t", &br#"{"TransactItems":[1]}"#[..]));
        let capacity = r#"{"ClientRequestToken":"t","TransactItems":[1],"ReturnConsumedCapacity":"TOTAL"}"#;
        assert_eq!(read("TransactWriteItems", capacity).unwrap().items, first.items);
        let other = r#"{"ClientRequestToken":"t","TransactItems":[2]}"#;
        assert_ne!(read("TransactWriteItems", other).unwrap().items, first.items);
        assert!(read("ExecuteTransaction", other).is_none());
        let too_long = format!(r#"{{"ClientRequestToken":"{}"}}"#, "t".repeat(37));
        for left in [r#"{"TransactItems":[]}"#, r#"{"ClientRequestToken":""}"#, "[", &too_long] {
            assert!(read("TransactWriteItems", left).is_none(), "{left}");
        }
    }
}

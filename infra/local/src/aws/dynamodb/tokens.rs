//! Transactions that were done, by their client tokens.
//!
//! The engine remembers them too, but goes through all it remembers at each transaction: a run that
//! makes thousands of them would take time that grows with the square. So it is not given the tokens.
//! A repeated transaction gets its first answer as it was, its consumed capacity included.

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
    http::{Answer, Dropped},
    tasks::{Tasks, lock},
};

/// How long a token is remembered from when it was first seen; `DynamoDB` counts from when it was done.
const REMEMBERED: Duration = Duration::from_mins(10);

/// How long a token may be, in bytes; the engine refuses a longer one.
const LONGEST: usize = 36;

/// A transaction with a token.
#[derive(Debug)]
pub(super) struct Transaction {
    token: String,
    /// What is to be written: the same each time.
    items: u64,
    /// The request without the token.
    body: Bytes,
}

/// What was answered to the transactions of the last minutes.
#[derive(Debug)]
pub(super) struct Tokens {
    tasks: Arc<Tasks>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    by_token: HashMap<String, Arc<OnceCell<Done>>>,
    oldest_first: VecDeque<(Instant, String)>,
}

#[derive(Debug)]
struct Done {
    items: u64,
    answer: Answer,
}

impl Transaction {
    /// Takes the token out of a request; `None` where the engine is to see it as it is.
    pub(super) fn read(operation: &str, body: &Bytes) -> Option<Self> {
        if operation != "TransactWriteItems" {
            return None;
        }
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let Value::String(token) = request.as_object_mut()?.remove("ClientRequestToken")? else {
            return None;
        };
        if token.is_empty() || token.len() > LONGEST {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        request["TransactItems"].hash(&mut hasher);
        Some(Self { token, items: hasher.finish(), body: request.to_string().into() })
    }
}

impl Tokens {
    /// Remembers nothing yet; sends in `tasks`.
    pub(super) fn new(tasks: Arc<Tasks>) -> Self {
        Self { tasks, seen: Mutex::default() }
    }

    /// Sends a transaction unless it was done; one that failed may be tried again.
    ///
    /// It is sent in a task of its own, so that a caller who hangs up does not stop it halfway.
    pub(super) async fn once<S: Future<Output = Result<Answer, Dropped>> + Send + 'static>(
        &self,
        transaction: Transaction,
        send: impl FnOnce(Bytes) -> S + Send + 'static,
    ) -> Result<Answer, Dropped> {
        let Transaction { token, items, body } = transaction;
        let begun = self.begun(token, Instant::now());
        let (answer, answered) = oneshot::channel();
        self.tasks.spawn(async move {
            let done = begun.get_or_try_init(async || match send(body).await {
                Ok(answer) if answer.status().is_success() => Ok(Done { items, answer }),
                not_done => Err(not_done),
            });
            let outcome = match done.await {
                Ok(done) if done.items == items => Ok(done.answer.clone()),
                Ok(_) => Ok(mismatch()),
                Err(not_done) => not_done,
            };
            answer.send(outcome).ok();
        });
        answered.await.map_err(|_| Dropped)?
    }

    fn begun(&self, token: String, now: Instant) -> Arc<OnceCell<Done>> {
        let mut seen = lock(&self.seen);
        let Seen { by_token, oldest_first } = &mut *seen;
        while let Some((_, old)) = oldest_first.pop_front_if(|(seen, _)| now - *seen >= REMEMBERED) {
            by_token.remove(&old);
        }
        match by_token.entry(token) {
            Entry::Occupied(begun) => Arc::clone(begun.get()),
            Entry::Vacant(free) => {
                oldest_first.push_back((now, free.key().clone()));
                Arc::clone(free.insert(Arc::default()))
            }
        }
    }
}

fn mismatch() -> Answer {
    let message = "The client token was used for another transaction.";
    refusals::dynamodb(StatusCode::BAD_REQUEST, "IdempotentParameterMismatchException", message)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::sync::Notify;

    use super::*;
    use crate::http;

    fn tokens() -> Tokens {
        Tokens::new(Arc::new(Tasks::new()))
    }

    fn transaction(items: u64) -> Transaction {
        Transaction { token: "t".to_owned(), items, body: Bytes::new() }
    }

    fn answer(status: StatusCode, text: &str) -> Answer {
        http::answer(status, "text/plain", text.to_owned())
    }

    async fn read(answer: Answer) -> (u16, String) {
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_was_done_is_answered_again_and_what_failed_is_tried_again() {
        let tokens = tokens();
        let send = async |items, status, text| {
            let answer = answer(status, text);
            read(tokens.once(transaction(items), |_| async { Ok(answer) }).await.unwrap()).await
        };
        assert_eq!(send(1, StatusCode::BAD_REQUEST, "first").await, (400, "first".to_owned()));
        assert_eq!(send(2, StatusCode::OK, "second").await, (200, "second".to_owned()));
        assert_eq!(send(2, StatusCode::OK, "third").await, (200, "second".to_owned()));
        let (status, refused) = send(1, StatusCode::OK, "fourth").await;
        assert!(status == 400 && refused.contains("#IdempotentParameterMismatchException"), "{refused}");
    }

    #[tokio::test]
    async fn what_is_being_done_is_waited_for_though_its_caller_is_gone() {
        let (tokens, engine) = (tokens(), Arc::new(Notify::new()));
        let slow = Arc::clone(&engine);
        let first = tokens.once(transaction(1), |_| async move {
            slow.notified().await;
            Ok(answer(StatusCode::OK, "first"))
        });
        tokio::select! {
            biased;
            _ = first => panic!("the engine did not answer yet"),
            () = tokio::task::yield_now() => {}
        }
        let second = tokens.once(transaction(1), |_| async { Ok(answer(StatusCode::OK, "second")) });
        let (second, ()) = tokio::join!(second, async { engine.notify_one() });
        assert_eq!(read(second.unwrap()).await, (200, "first".to_owned()));
    }

    #[test]
    fn a_token_is_forgotten_after_ten_minutes() {
        let tokens = tokens();
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let first = tokens.begun("a".to_owned(), at(0));
        tokens.begun("b".to_owned(), at(1));
        assert!(Arc::ptr_eq(&first, &tokens.begun("a".to_owned(), at(599))));
        assert!(!Arc::ptr_eq(&first, &tokens.begun("a".to_owned(), at(600))));
        assert_eq!(lock(&tokens.seen).oldest_first.len(), 2);
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

//! Transactions that were done, by their client tokens.
//!
//! The engine remembers them too, but goes through all it remembers at each transaction: a run that
//! makes thousands of them would take time that grows with the square. So it is not given the tokens.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{
    aws::refusals,
    http::{Answer, Dropped},
};

/// As long as `DynamoDB` remembers a token.
const REMEMBERED: Duration = Duration::from_mins(10);

/// As long as `DynamoDB` lets a token be, in characters; the engine refuses a longer one.
const LONGEST: usize = 36;

/// What was answered to the transactions of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    transactions: HashMap<String, Transaction>,
    oldest_first: VecDeque<(Instant, String)>,
}

/// Empty until it was done.
type Transaction = Arc<OnceCell<Done>>;

#[derive(Debug)]
struct Done {
    request: u64,
    answer: Answer,
}

/// Takes the client token out of a transaction; `None` where the engine is to see the request as it is.
pub(super) fn take(operation: &str, body: &Bytes) -> Option<(String, Bytes)> {
    if operation != "TransactWriteItems" {
        return None;
    }
    let mut request: Value = serde_json::from_slice(body).ok()?;
    match request.as_object_mut()?.remove("ClientRequestToken")? {
        Value::String(token) if (1..=LONGEST).contains(&token.chars().count()) => {
            Some((token, request.to_string().into()))
        }
        _ => None,
    }
}

impl Tokens {
    /// Sends a transaction unless it was done; one that failed may be tried again.
    pub(super) async fn once(
        &self,
        token: String,
        body: &Bytes,
        send: impl Future<Output = Result<Answer, Dropped>>,
    ) -> Result<Answer, Dropped> {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let request = hasher.finish();
        let transaction = self.transaction(token, Instant::now());
        let done = transaction.get_or_try_init(async || match send.await {
            Ok(answer) if answer.status().is_success() => Ok(Done { request, answer }),
            not_done => Err(not_done),
        });
        match done.await {
            Ok(done) if done.request == request => Ok(done.answer.clone()),
            Ok(_) => Ok(refusals::dynamodb(
                StatusCode::BAD_REQUEST,
                "IdempotentParameterMismatchException",
                "The client token was used for another request.",
            )),
            Err(not_done) => not_done,
        }
    }

    fn transaction(&self, token: String, now: Instant) -> Transaction {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Remembered { transactions, oldest_first } = &mut *remembered;
        while let Some((_, old)) = oldest_first.pop_front_if(|(seen, _)| now - *seen >= REMEMBERED) {
            transactions.remove(&old);
        }
        match transactions.entry(token) {
            Entry::Occupied(begun) => Arc::clone(begun.get()),
            Entry::Vacant(free) => {
                oldest_first.push_back((now, free.key().clone()));
                Arc::clone(free.insert(Transaction::default()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::http;

    async fn send(tokens: &Tokens, body: &'static str, status: StatusCode, answer: &str) -> (u16, String) {
        let answer = http::answer(status, "application/json", answer.to_owned());
        let body = Bytes::from_static(body.as_bytes());
        let answer = tokens.once("t".to_owned(), &body, async { Ok(answer) }).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_was_done_is_answered_again_and_what_failed_is_tried_again() {
        let tokens = Tokens::default();
        assert_eq!(send(&tokens, "a", StatusCode::BAD_REQUEST, "1").await, (400, "1".to_owned()));
        assert_eq!(send(&tokens, "b", StatusCode::OK, "2").await, (200, "2".to_owned()));
        assert_eq!(send(&tokens, "b", StatusCode::OK, "3").await, (200, "2".to_owned()));
        let (status, refused) = send(&tokens, "a", StatusCode::OK, "4").await;
        assert!(status == 400 && refused.contains("#IdempotentParameterMismatchException"), "{refused}");
    }

    #[test]
    fn a_token_is_forgotten_after_ten_minutes() {
        let tokens = Tokens::default();
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let first = tokens.transaction("a".to_owned(), at(0));
        tokens.transaction("b".to_owned(), at(1));
        assert!(Arc::ptr_eq(&first, &tokens.transaction("a".to_owned(), at(599))));
        assert!(!Arc::ptr_eq(&first, &tokens.transaction("a".to_owned(), at(600))));
        assert_eq!(tokens.0.lock().unwrap().oldest_first.len(), 2);
    }

    #[test]
    fn a_token_is_taken_out_where_the_engine_would_take_it() {
        let without = |operation, body: &str| take(operation, &Bytes::copy_from_slice(body.as_bytes()));
        let (token, rest) =
            without("TransactWriteItems", r#"{"ClientRequestToken":"t","TransactItems":[]}"#).unwrap();
        assert_eq!((token.as_str(), &rest[..]), ("t", &br#"{"TransactItems":[]}"#[..]));
        assert!(without("ExecuteTransaction", r#"{"ClientRequestToken":"t"}"#).is_none());
        let too_long = format!(r#"{{"ClientRequestToken":"{}"}}"#, "t".repeat(37));
        for left in [r#"{"TransactItems":[]}"#, r#"{"ClientRequestToken":""}"#, "[", &too_long] {
            assert!(without("TransactWriteItems", left).is_none(), "{left}");
        }
    }
}

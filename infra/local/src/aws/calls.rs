//! The record of the calls that reached the AWS endpoints, for tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{runtime::Caller, tasks::lock};

/// The number of calls that the record holds.
const MAX_CALLS: usize = 100_000;

/// An AWS service of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// `DynamoDB`.
    #[serde(rename = "dynamodb")]
    DynamoDb,
    /// `EventBridge`.
    #[serde(rename = "events")]
    EventBridge,
    /// Simple Email Service.
    #[serde(rename = "ses")]
    Ses,
    /// Secrets Manager.
    #[serde(rename = "secretsmanager")]
    SecretsManager,
    /// `CloudFormation`.
    #[serde(rename = "cloudformation")]
    CloudFormation,
    /// The bucket that takes the answers of custom resources.
    #[serde(rename = "s3")]
    S3,
}

/// One call, from the moment it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// When it arrived.
    pub at: Instant,
    /// The service that was called.
    pub service: Service,
    /// The operation, as AWS names it; `GET /` for the health of an endpoint.
    pub operation: String,
    /// The calling function; `None` for a caller outside the stack, and if a request is not signed.
    pub function: Option<String>,
    /// The number of the calling instance, from 1.
    pub instance: Option<u32>,
    /// The whole request body.
    pub request: Bytes,
    /// The status of the response; `None` while the call runs, and if a fault dropped the response.
    pub status: Option<StatusCode>,
}

/// The calls so far; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    record: Arc<Mutex<Record>>,
    /// How many the endpoints work on.
    at_work: watch::Sender<usize>,
}

/// The work on one call.
#[derive(Debug)]
pub(super) struct AtWork(watch::Sender<usize>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}

#[derive(Debug, Default)]
struct Record {
    removed: usize,
    calls: VecDeque<Call>,
}

impl Calls {
    pub(super) fn begin(
        &self,
        service: Service,
        operation: &str,
        caller: Option<&Caller>,
        request: &Bytes,
    ) -> usize {
        let mut record = lock(&self.record);
        if record.calls.len() == MAX_CALLS {
            record.calls.pop_front();
            record.removed += 1;
        }
        record.calls.push_back(Call {
            at: Instant::now(),
            service,
            operation: operation.to_owned(),
            function: caller.map(|caller| caller.function.clone()),
            instance: caller.map(|caller| caller.instance),
            request: request.clone(),
            status: None,
        });
        record.removed + record.calls.len() - 1
    }

    pub(super) fn end(&self, index: usize, status: StatusCode) {
        let mut record = lock(&self.record);
        let index = index.checked_sub(record.removed);
        if let Some(call) = index.and_then(|index| record.calls.get_mut(index)) {
            call.status = Some(status);
        }
    }

    /// Counts a call until the work on it ends, with or without a response.
    pub(super) fn at_work(&self) -> AtWork {
        self.at_work.send_modify(|calls| *calls += 1);
        AtWork(self.at_work.clone())
    }

    /// Waits until the endpoints work on no call. What a killed instance began has then taken effect or never will.
    ///
    /// # Panics
    /// Never: `self` holds the sender.
    pub async fn until_none_is_at_work(&self) {
        self.at_work.subscribe().wait_for(|calls| *calls == 0).await.expect("the sender is held here");
    }

    /// Returns every call so far, in the order of arrival.
    #[must_use]
    pub fn all(&self) -> Vec<Call> {
        lock(&self.record).calls.iter().cloned().collect()
    }

    /// Returns a function's calls so far.
    #[must_use]
    pub fn by_function(&self, function: &str) -> Vec<Call> {
        self.all().into_iter().filter(|call| call.function.as_deref() == Some(function)).collect()
    }

    /// Counts the calls of one operation so far.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        lock(&self.record).calls.iter().filter(|call| call.operation == operation).count()
    }

    /// Forgets every call.
    pub fn clear(&self) {
        let mut record = lock(&self.record);
        record.removed += record.calls.len();
        record.calls.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn none_is_at_work_once_the_work_on_each_call_has_ended() {
        let calls = Calls::default();
        let (first, second) = (calls.at_work(), calls.at_work());
        let ends = async || timeout(Duration::ZERO, calls.until_none_is_at_work()).await.is_ok();
        assert!(!ends().await);
        drop(first);
        assert!(!ends().await);
        drop(second);
        assert!(ends().await);
    }

    #[test]
    fn calls_are_counted_and_cleared() {
        let calls = Calls::default();
        let caller = Caller { function: "manage-users".to_owned(), instance: 1 };
        let first = calls.begin(Service::DynamoDb, "GetItem", Some(&caller), &Bytes::new());
        calls.clear();
        let second = calls.begin(Service::DynamoDb, "Query", None, &Bytes::new());
        calls.end(first, StatusCode::OK);
        assert_eq!(calls.all()[0].status, None);
        calls.end(second, StatusCode::OK);
        assert_eq!(calls.all()[0].status, Some(StatusCode::OK));
        assert_eq!((calls.count("GetItem"), calls.by_function("manage-users").len()), (0, 0));
    }
}

//! `Idempotency-Key`: a repeated request is answered again, and makes no second change.

use domain::{Error, access::Action, hex, id::UserId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use table::{IdempotencyRecord, KeyWithUser};

use crate::{AccessKeyResponse, HandlerError, HandlerResult, Member, Request, app::App, response};

const HEADER: &str = "idempotency-key";

/// The header of a response that repeats an earlier one.
const REPLAYED: &str = "idempotent-replayed";

/// The most characters of an `Idempotency-Key`.
const MAX_LENGTH: usize = 128;

/// The identity of a request: two requests are the same if all three values are.
#[derive(Debug)]
struct IdempotencyKey {
    actor: UserId,
    /// The hash of the header's value.
    name: String,
    /// The hash of the route, the path and the body.
    request: String,
}

impl Request<Member> {
    /// Does `change` once for each `Idempotency-Key` of the caller. Without the header, does it always.
    ///
    /// `change` must store the record that it gets, in the transaction of the change. `replay` shows the
    /// result of a stored record, as it is now. A repeated request is recognized before any other check, and
    /// again after a refusal: the same request may have been done by a parallel call.
    pub async fn idempotent<P>(
        &self,
        app: &App<P>,
        change: impl AsyncFnOnce(Option<IdempotencyRecord>) -> HandlerResult,
        replay: impl AsyncFnOnce(&IdempotencyRecord) -> HandlerResult,
    ) -> HandlerResult {
        let Some(key) = self.idempotency_key()? else { return change(None).await };
        if let Some(record) = self.stored_record(app, &key).await? {
            return replayed(&record, replay).await;
        }
        let refusal = match change(Some(self.new_record(&key))).await {
            Err(error) if error.is_refusal() => error,
            other => return other,
        };
        match self.stored_record(app, &key).await? {
            Some(record) => replayed(&record, replay).await,
            None => Err(refusal),
        }
    }

    fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Error> {
        let mut names = self.headers(HEADER);
        let Some(name) = names.next() else { return Ok(None) };
        let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if names.next().is_some() || !(1..=MAX_LENGTH).contains(&name.len()) || !printable(name) {
            let rule = format!("must be 1 to {MAX_LENGTH} printable ASCII characters, given once");
            return Err(Error::invalid("Idempotency-Key", rule));
        }
        Ok(Some(IdempotencyKey {
            actor: self.caller.user_id,
            name: hash(&[name.as_bytes()]),
            request: request_hash(self),
        }))
    }

    async fn stored_record<P>(
        &self,
        app: &App<P>,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotencyRecord>, HandlerError> {
        let record = app.table.idempotency_record(key.actor, &key.name, self.now).await?;
        match record {
            Some(record) if record.request != key.request => Err(Error::IdempotencyMismatch.into()),
            record => Ok(record),
        }
    }

    fn new_record(&self, key: &IdempotencyKey) -> IdempotencyRecord {
        IdempotencyRecord {
            actor: key.actor,
            name: key.name.clone(),
            request: key.request.clone(),
            status: 200,
            user_id: None,
            key_ids: Vec::new(),
            at: self.now,
        }
    }
}

/// Responds with the one key of a record, as it is now and without its secret.
pub async fn replay_key<P>(
    app: &App<P>,
    request: &Request<Member>,
    record: &IdempotencyRecord,
    action: Action,
) -> HandlerResult {
    let key_id = record.key_ids.first().ok_or(Error::NotFound { what: "access key" })?;
    let KeyWithUser { key, user } = app.access_key(request, key_id.as_str(), action).await?;
    let version = key.version;
    let shown = AccessKeyResponse::new(key, &user, &app.key_prefix, request.now);
    Ok(response::ok(&shown, Some(version)))
}

async fn replayed(
    record: &IdempotencyRecord,
    replay: impl AsyncFnOnce(&IdempotencyRecord) -> HandlerResult,
) -> HandlerResult {
    let mut response = replay(record).await?;
    if let Ok(status) = record.status.try_into() {
        *response.status_mut() = status;
    }
    response.headers_mut().insert(REPLAYED, "true".parse().expect("a constant is a header's value"));
    Ok(response)
}

fn request_hash<C>(request: &Request<C>) -> String {
    hash(&[request.route.as_bytes(), request.raw_path().as_bytes(), &canonical(request.text())])
}

/// Writes a JSON body without spaces and with sorted members. Any other body stays as it is.
fn canonical(body: &[u8]) -> Vec<u8> {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    json.sort_all_objects();
    json.to_string().into_bytes()
}

/// Hashes each part with its length, so that moving the border between two parts changes the hash.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const EVENT: &str = include_str!("../../../tests/events/create-access-key.json");

    fn hash_of_body(body: &str) -> String {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        event["body"] = body.into();
        event["isBase64Encoded"] = false.into();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        request_hash(&Request::read_open(request).unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn a_reordered_body_is_the_same_request() {
        let body = r#"{"name": "deploy", "expires_in_days": 30, "x": [{"b": 1, "a": {"d": 2, "c": 3}}]}"#;
        let reordered = r#"{"x":[{"a":{"c":3,"d":2},"b":1}],"expires_in_days":30,"name":"deploy"}"#;
        assert_eq!(hash_of_body(body), hash_of_body(reordered));
        // A list keeps its order.
        assert_ne!(hash_of_body(r#"{"x": [1, 2]}"#), hash_of_body(r#"{"x": [2, 1]}"#));
    }

    #[test]
    fn a_canonical_body_has_no_spaces_and_sorted_members() {
        assert_eq!(canonical(br#" {"b": {"d": 1, "c": 2}, "a": [3]} "#), br#"{"a":[3],"b":{"c":2,"d":1}}"#);
        assert_eq!(canonical(b"no JSON "), b"no JSON ");
    }

    #[test]
    fn the_border_between_parts_counts() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"a"]), hash(&[b"a", b""]));
        assert_eq!(hash(&[b"a"]).len(), 64);
    }

    /// Makes a request with these values of the header. `None` if no header has such values.
    fn request_with(values: &[&str]) -> Option<Request<Member>> {
        let mut request = lambda_http::request::from_str(EVENT).unwrap();
        request.headers_mut().remove(HEADER);
        for value in values {
            request.headers_mut().append(HEADER, value.as_bytes().try_into().ok()?);
        }
        Some(Request::read_member(request).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Each input is the values of the header, with `|` between them.
    #[test]
    fn fuzzed_keys_are_given_once_in_printable_characters_and_each_has_a_name_of_its_own() {
        let without = request_with(&[]).unwrap();
        assert!(without.idempotency_key().unwrap().is_none());
        let (same, mut texts) = (request_hash(&without), HashMap::new());
        fuzz::texts("idempotency_key").play(|text| {
            let values: Vec<_> = text.split('|').collect();
            let Some(request) = request_with(&values) else { return false };
            let printable = text.chars().filter(|c| (' '..='~').contains(c)).count();
            let is_right = values.len() == 1 && printable == text.len() && (1..=128).contains(&printable);
            match request.idempotency_key() {
                Ok(Some(key)) => {
                    assert_eq!((is_right, key.actor), (true, without.caller.user_id));
                    assert_eq!(key.request, same, "the header is no part of the request");
                    assert_eq!(texts.entry(key.name).or_insert_with(|| text.to_owned()), text);
                }
                Err(Error::Invalid { field, .. }) => {
                    assert_eq!((is_right, field.as_str()), (false, "Idempotency-Key"));
                }
                other => panic!("{other:?}"),
            }
            is_right
        });
    }
}

//! The API of the access keys, asked with the key that is rotated.

use std::time::Duration;

use api::app::{Aws, Exchange};
use http::{Method, Request};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    document::Document,
    overlap::{OVERLAP_SECONDS, checked, report},
    stop::{ApiFailure, Stop},
};

/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// The attempts of one request.
const MAX_ATTEMPTS: u32 = 3;

/// The pause before the second attempt. It doubles.
const BASE_BACKOFF: Duration = Duration::from_millis(200);

/// The longest answer, bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The rule of a policy that limits the overlap.
const OVERLAP_RULE: &str = "rotation.max_overlap_seconds";

/// What the API says of a key.
#[derive(Debug, Deserialize)]
pub(crate) struct Whoami {
    key_id: Option<String>,
    organization_id: Option<String>,
    /// `None` for a key that never expires.
    pub(crate) expires_in_days: Option<i64>,
}

/// The answer to a rotation. It has no `Debug`, because it holds a secret.
#[derive(Deserialize)]
struct Rotated {
    secret: RotatedSecret,
}

#[derive(Deserialize)]
struct RotatedSecret {
    token: String,
}

#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    value: String,
}

/// Asks whose key a document holds.
pub(crate) async fn whoami(aws: &Aws, document: &Document) -> Result<Whoami, ApiFailure> {
    let answer = send(aws, Method::GET, document, "/v1/whoami", &[]).await?;
    serde_json::from_slice(&done(answer)?).map_err(|_| ApiFailure::BadAnswer)
}

impl Whoami {
    /// Tells whether the API knows the document's key as the document does.
    pub(crate) fn is_of(&self, document: &Document) -> bool {
        self.key_id.as_deref() == Some(document.key_id())
            && self.organization_id.as_deref() == Some(document.organization_id())
    }
}

/// Rotates the key of a document and returns the document with its new secret.
///
/// It overlaps for 7 days, or for as long as the policy allows. If an answer is lost, the next attempt comes with the
/// replaced secret, and so replaces the secret that nobody has seen.
pub(crate) async fn rotate(aws: &Aws, document: &Document) -> Result<Document, Stop> {
    let mut overlap = OVERLAP_SECONDS;
    let mut answer = rotate_with(aws, document, overlap).await?;
    if let Some(allowed) = allowed_overlap(&answer) {
        overlap = checked(allowed)?;
        answer = rotate_with(aws, document, overlap).await?;
    }
    let rotated: Rotated = serde_json::from_slice(&done(answer)?).map_err(|_| ApiFailure::BadAnswer)?;
    let renewed = document.with_token(rotated.secret.token).ok_or(ApiFailure::BadAnswer)?;
    report(overlap);
    Ok(renewed)
}

async fn rotate_with(aws: &Aws, document: &Document, overlap: u32) -> Result<Exchange, ApiFailure> {
    let path = format!("/v1/organizations/{}/access-keys/current/rotate", document.organization_id());
    let body = json!({ "overlap_seconds": overlap }).to_string();
    send(aws, Method::POST, document, &path, body.as_bytes()).await
}

/// Reads the overlap that the policy allows from a refusal; `None` if the answer is no such refusal.
fn allowed_overlap(answer: &Exchange) -> Option<u32> {
    let problem = problem(answer);
    let value = problem.value.parse().ok().filter(|value| *value < OVERLAP_SECONDS);
    value.filter(|_| problem.code == "policy_violation" && problem.rule == OVERLAP_RULE)
}

/// Sends a request, again while the API is busy or does not answer.
async fn send(
    aws: &Aws,
    method: Method,
    document: &Document,
    path: &str,
    body: &[u8],
) -> Result<Exchange, ApiFailure> {
    let mut attempt = 1;
    loop {
        let request = Request::builder().method(&method).uri(document.url(path));
        let request =
            request.header("x-access-key", document.token()).header("content-type", "application/json");
        let request = request.body(body.to_vec()).map_err(|_| ApiFailure::BadUrl)?;
        let answer = aws.exchange(request, ATTEMPT_TIMEOUT).await;
        let is_over = answer.as_ref().is_ok_and(|answer| !is_retryable(answer.status));
        if is_over || attempt == MAX_ATTEMPTS {
            return Ok(answer?);
        }
        sleep(BASE_BACKOFF * 2_u32.pow(attempt - 1)).await;
        attempt += 1;
    }
}

/// Tells whether a request that got this status is sent again.
const fn is_retryable(status: u16) -> bool {
    status == 429 || status >= 500
}

/// Returns the body of an answer that is no refusal.
fn done(answer: Exchange) -> Result<Vec<u8>, ApiFailure> {
    match answer.status {
        200 if answer.body.len() <= MAX_ANSWER_BYTES => Ok(answer.body),
        200 => Err(ApiFailure::BadAnswer),
        status @ (401 | 403) => Err(ApiFailure::Refused(status)),
        status => Err(ApiFailure::Other { status, code: problem(&answer).code }),
    }
}

/// Reads a problem document. A code that is no word is left out: whoever answers may not write our log.
fn problem(answer: &Exchange) -> Problem {
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_word =
        problem.code.len() <= 40 && problem.code.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    if is_word { problem } else { Problem::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document::{KEY_ID, SECRET};

    fn answer(status: u16, body: &str) -> Exchange {
        Exchange { status, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_caller_is_that_of_a_document_with_its_key_in_its_organization() {
        let key_id = "a".repeat(KEY_ID);
        let token = format!("ak_{key_id}_{}", "s".repeat(SECRET));
        let document = json!({"token": token, "api": "https://keys.example", "organization_id": "o1"});
        let document = Document::parse(&document.to_string()).unwrap();
        let other = "b".repeat(KEY_ID);
        for (key_id, organization_id, is_of) in [
            (Some(key_id.as_str()), Some("o1"), true),
            (Some(other.as_str()), Some("o1"), false),
            (Some(key_id.as_str()), Some("o2"), false),
            (None, None, false),
        ] {
            let named = |text: Option<&str>| text.map(str::to_owned);
            let whoami = Whoami {
                key_id: named(key_id),
                organization_id: named(organization_id),
                expires_in_days: None,
            };
            assert_eq!(whoami.is_of(&document), is_of, "{key_id:?} {organization_id:?}");
        }
    }

    #[test]
    fn the_overlap_of_the_policy_is_read_from_its_refusal() {
        let refusal = |rule: &str, value: &str| {
            answer(422, &json!({"code": "policy_violation", "rule": rule, "value": value}).to_string())
        };
        assert_eq!(allowed_overlap(&refusal(OVERLAP_RULE, "3600")), Some(3_600));
        assert_eq!(allowed_overlap(&refusal(OVERLAP_RULE, "0")), Some(0));
        for (rule, value) in [("lifetime.max_seconds", "60"), (OVERLAP_RULE, "-1"), (OVERLAP_RULE, "604800")]
        {
            assert_eq!(allowed_overlap(&refusal(rule, value)), None, "{rule} {value}");
        }
        assert_eq!(
            allowed_overlap(&answer(200, r#"{"rule":"rotation.max_overlap_seconds","value":"1"}"#)),
            None
        );
    }

    #[test]
    fn a_busy_or_broken_api_is_asked_again_and_no_other() {
        assert_eq!([200, 401, 404, 409, 428, 430, 499].map(is_retryable), [false; 7]);
        assert_eq!([429, 500, 503].map(is_retryable), [true; 3]);
    }

    #[test]
    fn an_answer_is_bounded_and_nothing_of_it_reaches_an_error_but_its_code() {
        assert_eq!(done(answer(200, "{}")).unwrap(), b"{}");
        assert_eq!(done(answer(200, &" ".repeat(MAX_ANSWER_BYTES))).unwrap().len(), MAX_ANSWER_BYTES);
        assert!(matches!(done(answer(200, &" ".repeat(MAX_ANSWER_BYTES + 1))), Err(ApiFailure::BadAnswer)));
        for status in [401, 403] {
            assert!(
                matches!(done(answer(status, "")), Err(ApiFailure::Refused(refused)) if refused == status)
            );
        }
        let coded = |length: usize| json!({"code": "c".repeat(length)}).to_string();
        for (body, said) in [
            (r#"{"code":"key_expired"}"#, "it answers 409 key_expired"),
            (&coded(40), &format!("it answers 409 {}", "c".repeat(40))),
            (&coded(41), "it answers 409 "),
            (r#"{"code":"ak_0_SECRET"}"#, "it answers 409 "),
            ("ak_0_SECRET", "it answers 409 "),
        ] {
            assert_eq!(done(answer(409, body)).unwrap_err().to_string(), said);
        }
    }

    /// Tells whether a code of the API may stand in a log.
    fn is_code(text: &str) -> bool {
        text.len() <= 40 && text.chars().all(|c| matches!(c, 'a'..='z' | '_'))
    }

    /// Each input is an answer: its `status`, and its `body` as JSON.
    #[test]
    fn fuzzed_answers_to_rotations_are_read_by_their_members_and_only_a_code_reaches_an_error() {
        let (key_id, organization_id) = ("7HcX2mPq9LwZtR4bK1nV", "Zt4Kq8WvB2nXc6Mh");
        let token = format!("ak_{key_id}_{}", "s".repeat(SECRET));
        let document =
            json!({"token": token, "api": "https://keys.example", "organization_id": organization_id});
        let document = Document::parse(&document.to_string()).unwrap();
        fuzz::documents("api_answer").play(|text| {
            let input: Value = serde_json::from_str(text).unwrap_or_default();
            let status = input.get("status").and_then(Value::as_u64);
            let status = status.and_then(|status| u16::try_from(status).ok());
            let (Some(status), Some(body)) = (status, input.get("body")) else { return false };
            let sent = body.to_string();

            let allowed = allowed_overlap(&answer(status, &sent));
            let read = done(answer(status, &sent));
            let is_done = read.is_ok();
            assert_eq!(is_done, status == 200 && sent.len() <= 65_536);
            let said = match read {
                Ok(read) => {
                    assert_eq!(read, sent.as_bytes());
                    String::new()
                }
                Err(failure) => failure.to_string(),
            };
            let code = said.strip_prefix(&format!("it answers {status} "));
            assert!(code.is_none_or(|code| is_code(code) && sent.contains(code)), "{said}");
            assert_eq!(code.is_some(), ![200, 401, 403].contains(&status));
            assert!(said.len() < 80, "{said}");

            let Some(members) = body.as_object() else { return is_done };
            let member = |name: &str| members.get(name).map_or(Some(""), Value::as_str);
            let named = member("code").filter(|code| is_code(code)).zip(member("rule")).zip(member("value"));
            let ((named_code, rule), value) = named.unwrap_or_default();
            assert!(code.is_none_or(|code| code == named_code), "{said}");
            let seconds: Option<u32> = value.parse::<u32>().ok().filter(|seconds| *seconds < 604_800);
            let is_refusal = named_code == "policy_violation" && rule == "rotation.max_overlap_seconds";
            assert_eq!(allowed, seconds.filter(|_| is_refusal));

            let has = |name: &str, text: &str| members.get(name).is_some_and(|value| value == text);
            let has_days = members.get("expires_in_days").is_none_or(|days| days.is_null() || days.is_i64());
            let is_of = has("key_id", key_id) && has("organization_id", organization_id) && has_days;
            let whoami: Option<Whoami> = serde_json::from_str(&sent).ok();
            assert_eq!(whoami.is_some_and(|whoami| whoami.is_of(&document)), is_of);
            is_done || allowed.is_some()
        });
    }
}

//! Looks for secrets in answers, logs, mails and the table.

use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::Method;
use serde_json::Value;

/// The secrets that a test was shown and all other answers, in none of which a secret may stand.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<Collected>);

#[derive(Debug, Default)]
struct Collected {
    shown: Vec<String>,
    /// Secrets of sign-ins: ids of sessions, verifiers, codes and tokens of the issuer.
    of_sign_ins: Vec<String>,
    answers: Vec<String>,
}

impl Secrets {
    /// Takes note of the secrets that an answer is there to show, and of the answer without them.
    pub(crate) fn learn(&self, method: &Method, path: &str, status: u16, answer: &Value) {
        let mut rest = answer.clone();
        let path = path.split('?').next().unwrap_or_default();
        if *method == Method::POST && status == 200 && path.ends_with("/rotate") {
            self.take(&mut rest);
        }
        if *method == Method::POST && status == 201 {
            if path.ends_with("/access-keys") {
                self.take(&mut rest);
            } else if path.ends_with("/users") {
                rest["access_keys"].as_array_mut().into_iter().flatten().for_each(|key| self.take(key));
            }
        }
        // The document about the API describes the members of secrets.
        let is_document = path == "/v1/openapi.json";
        assert!(is_document || !shows_a_secret(&rest), "{method} {path} shows a secret with {status}");
        let text = rest.to_string();
        self.check("an answer", &text);
        self.known().answers.push(text);
    }

    /// Takes note of a secret that was shown otherwise than by the answer that is there for it.
    pub(crate) fn note(&self, secret: &str) {
        self.known().of_sign_ins.push(secret.to_owned());
    }

    /// Fails where an answer, at any time, held one of these: verifiers, and what they are made with.
    pub(crate) fn check_answers(&self, never_shown: &[String]) {
        for answer in &self.known().answers {
            check_for(never_shown, "an answer", answer);
        }
    }

    /// Fails where a secret or a verifier stands.
    pub(crate) fn check(&self, place: &str, text: &str) {
        self.check_tokens(place, text);
        assert!(!text.contains("$argon2"), "a verifier stands in {place}");
    }

    /// Fails where a secret stands.
    pub(crate) fn check_tokens(&self, place: &str, text: &str) {
        check_for(&self.known().shown, place, text);
        check_for(&self.known().of_sign_ins, place, text);
    }

    /// Returns a token that was shown.
    pub(crate) fn any_token(&self) -> Option<String> {
        self.known().shown.first().cloned()
    }

    fn take(&self, key: &mut Value) {
        let Some(secret) = key.as_object_mut().and_then(|key| key.remove("secret")) else { return };
        let token = secret["token"].as_str().expect("a secret has its token");
        let key = secret["secret_key"].as_str().expect("a secret has its secret key");
        self.known().shown.extend([token.to_owned(), key.to_owned(), key[..43].to_owned()]);
    }

    fn known(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fails where one of these stands.
pub(crate) fn check_for(secrets: &[String], place: &str, text: &str) {
    assert!(!secrets.iter().any(|secret| text.contains(secret)), "a secret stands in {place}");
}

fn shows_a_secret(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key("secret") || members.values().any(shows_a_secret),
        Value::Array(items) => items.iter().any(shows_a_secret),
        _ => false,
    }
}

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The secrets that a test was shown, each of which may stand nowhere else.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// Takes note of every secret in an answer and of the answer without them.
    pub(crate) fn learn(&self, answer: &Value) {
        let mut rest = answer.clone();
        self.take(&mut rest);
        self.check("an answer", &rest.to_string());
    }

    fn take(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                if let Some(secret) = members.remove("secret") {
                    let token = secret["token"].as_str().expect("a secret has its token");
                    let key = secret["secret_key"].as_str().expect("a secret has its secret key");
                    let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                    known.extend([token.to_owned(), key.to_owned(), key[..43].to_owned()]);
                }
                members.values_mut().for_each(|member| self.take(member));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.take(item)),
            _ => {}
        }
    }

    /// Fails where a secret or a verifier stands.
    pub(crate) fn check(&self, place: &str, text: &str) {
        self.check_tokens(place, text);
        assert!(!text.contains("$argon2"), "a verifier stands in {place}");
    }

    /// Fails where a secret stands.
    pub(crate) fn check_tokens(&self, place: &str, text: &str) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!known.iter().any(|secret| text.contains(secret)), "a secret stands in {place}");
    }
}

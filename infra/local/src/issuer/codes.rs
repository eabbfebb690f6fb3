//! Authorization codes: each works once, for a minute, for the request that it answers.

use std::{collections::HashMap, sync::Mutex};

use jiff::Timestamp;

use super::people::Person;
use crate::{random, tasks::lock};

/// How long a code works, seconds.
const LIFETIME: i64 = 60;

/// The most codes that wait. Beyond it all are forgotten.
const MAX_CODES: usize = 10_000;

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    /// The SHA-256 of the verifier, in base64 for URLs.
    pub(super) challenge: String,
    pub(super) person: Person,
    /// When the person signed in.
    pub(super) at: Timestamp,
}

/// The codes that were not redeemed yet.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<HashMap<String, Grant>>);

impl Codes {
    /// Issues a code.
    pub(super) fn issue(&self, grant: Grant) -> String {
        let (mut codes, code) = (lock(&self.0), random::base62(43));
        codes.retain(|_, waiting| works(waiting, grant.at));
        if codes.len() >= MAX_CODES {
            codes.clear();
        }
        codes.insert(code.clone(), grant);
        code
    }

    /// Takes what a code stands for; `None` if it was used before, is too old, or never was one.
    pub(super) fn redeem(&self, code: &str, now: Timestamp) -> Option<Grant> {
        lock(&self.0).remove(code).filter(|grant| works(grant, now))
    }
}

fn works(grant: &Grant, now: Timestamp) -> bool {
    now.as_second() - grant.at.as_second() < LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_works_once_and_for_a_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let grant = Grant {
            redirect_uri: "http://127.0.0.1:1/console/callback".to_owned(),
            nonce: "n".to_owned(),
            challenge: "c".to_owned(),
            person: Person { name: "alice".to_owned(), email: None, email_verified: true },
            at: at(1_000),
        };
        let codes = Codes::default();
        let code = codes.issue(grant.clone());
        assert_eq!(codes.redeem("another", at(1_000)), None);
        assert_eq!(codes.redeem(&code, at(1_059)), Some(grant.clone()));
        assert_eq!(codes.redeem(&code, at(1_059)), None);
        assert_eq!(codes.redeem(&codes.issue(grant), at(1_060)), None);
    }
}

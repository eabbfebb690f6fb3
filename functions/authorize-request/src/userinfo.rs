//! The address of a person whose token states none, asked from the issuer's userinfo endpoint.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::app::Moment;
use domain::sign_in::SignedIn;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};
use sign_in::{Accepted, Discovery, Documents, Issuer, IssuerFailure, Profile};

use crate::cache::{Cache, Weighed};

/// The longest time that one request to the issuer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The largest answer, bytes.
const MAX_ANSWER_SIZE: usize = 64 * 1024;

/// How long an answer is kept for its token.
const ANSWER_MAX_AGE: Duration = Duration::from_mins(1);

/// How long the address of the endpoint is kept.
const ENDPOINT_MAX_AGE: Duration = Duration::from_hours(1);

/// The most memory for answers, bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The most calls of this instance within a second.
const MAX_CALLS_PER_SECOND: usize = 5;

/// The most tokens of one person with which this instance asks within a second: nobody alone uses up the calls of others.
const MAX_TOKENS_OF_PERSON: usize = 2;

/// Asks the issuer's userinfo endpoint.
pub(crate) struct Userinfo {
    discovery: Discovery,
    documents: Documents,
    state: Mutex<State>,
    profiles: Cache<TokenHash, Profile>,
}

#[derive(Default)]
struct State {
    /// `None` before the first fetch of the discovery document; in it, `None` for an issuer without an endpoint.
    endpoint: Option<(Option<String>, Moment)>,
    calls: Vec<Call>,
}

/// A call to the issuer.
struct Call {
    at: Moment,
    person: String,
    token: TokenHash,
}

/// Tokens are not kept: their hashes find the answers.
type TokenHash = [u8; 32];

impl Weighed for Profile {
    fn bytes(&self) -> usize {
        Self::bytes(self)
    }
}

impl Userinfo {
    /// Asks nobody yet.
    pub(crate) fn new(issuer: &str) -> Self {
        Self {
            discovery: Discovery::of(issuer),
            documents: Documents::new(TIMEOUT, MAX_ANSWER_SIZE),
            state: Mutex::default(),
            profiles: Cache::new(ANSWER_MAX_AGE, MAX_ANSWER_BYTES),
        }
    }

    /// Returns the sign-in with the address that the issuer vouches for. Asks the issuer, with this token, only if the
    /// token says nothing of it.
    ///
    /// The sign-in comes back as it is if the issuer has no such endpoint, refuses the token, or answers for another
    /// `sub`. Any other answer, or none in time, is a failure.
    pub(crate) async fn complete(
        &self,
        issuer: &Issuer,
        token: &str,
        accepted: &Accepted,
        now: Moment,
    ) -> Result<SignedIn, IssuerFailure> {
        if accepted.sign_in.verified_email().is_some() || accepted.address_denied {
            return Ok(accepted.sign_in.clone());
        }
        let key = hash_of(token);
        let answer = match self.profiles.get(&key, now) {
            Some(answer) => answer,
            None => {
                let answer = Arc::new(self.ask(issuer, token, accepted, now).await?);
                self.profiles.put(key, now, Arc::clone(&answer));
                answer
            }
        };
        Ok(answer.complete(accepted))
    }

    async fn ask(
        &self,
        issuer: &Issuer,
        token: &str,
        accepted: &Accepted,
        now: Moment,
    ) -> Result<Profile, IssuerFailure> {
        let endpoint = self.known_endpoint(now);
        if endpoint == Some(None) {
            return Ok(Profile::default());
        }
        self.count_call(Call { at: now, person: accepted.sign_in.hash(), token: hash_of(token) })?;
        let claims = match self.claims_of(endpoint.flatten(), token, now).await {
            Err(IssuerFailure::Refused { url, .. }) => {
                tracing::info!(url, "the issuer does not say who a token is for");
                None
            }
            claims => claims?,
        };
        let profile = claims.and_then(|claims| Profile::read(&claims, accepted, issuer));
        Ok(profile.unwrap_or_default())
    }

    /// Returns what the endpoint says; `None` if the issuer has no such endpoint.
    async fn claims_of(
        &self,
        endpoint: Option<String>,
        token: &str,
        now: Moment,
    ) -> Result<Option<Map<String, Value>>, IssuerFailure> {
        let endpoint = match endpoint {
            None => self.discovery.fetch(&self.documents).await?.address("userinfo_endpoint"),
            known => known,
        };
        self.locked().endpoint.get_or_insert((endpoint.clone(), now));
        match endpoint {
            Some(endpoint) => self.documents.get_as(&endpoint, token).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns the endpoint that the discovery document named within the last hour.
    fn known_endpoint(&self, now: Moment) -> Option<Option<String>> {
        let known = &mut self.locked().endpoint;
        if known.as_ref().is_some_and(|(_, fetched)| !fetched.is_within(ENDPOINT_MAX_AGE, now)) {
            *known = None;
        }
        known.as_ref().map(|(endpoint, _)| endpoint.clone())
    }

    /// Counts a call, if there may be one more within this second.
    fn count_call(&self, call: Call) -> Result<(), IssuerFailure> {
        let calls = &mut self.locked().calls;
        calls.retain(|earlier| earlier.at.is_within(Duration::from_secs(1), call.at));
        let of_person = calls.iter().filter(|earlier| earlier.person == call.person);
        let others: HashSet<_> =
            of_person.map(|earlier| earlier.token).filter(|token| *token != call.token).collect();
        let issuer = || self.discovery.issuer().to_owned();
        if others.len() >= MAX_TOKENS_OF_PERSON {
            return Err(IssuerFailure::TooManyTokens(issuer()));
        }
        if calls.len() >= MAX_CALLS_PER_SECOND {
            return Err(IssuerFailure::TooOften(issuer()));
        }
        calls.push(call);
        Ok(())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(token: &str) -> TokenHash {
    let mut hash = TokenHash::default();
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

impl fmt::Debug for Userinfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Userinfo").field("issuer", &self.discovery.issuer()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls for a person with a token, so many milliseconds after the first call.
    fn call(userinfo: &Userinfo, person: &str, token: &str, milliseconds: i64) -> Result<(), IssuerFailure> {
        let at = Moment::of_gateway(1_790_000_000_000 + milliseconds).unwrap();
        userinfo.count_call(Call { at, person: person.to_owned(), token: hash_of(token) })
    }

    #[test]
    fn five_calls_may_be_made_within_a_second_by_the_gateways_time() {
        let userinfo = Userinfo::new("https://id.example");
        let may_call = |milliseconds: i64| {
            let person = milliseconds.to_string();
            match call(&userinfo, &person, &person, milliseconds) {
                Err(IssuerFailure::TooOften(_)) => false,
                result => result.map(|()| true).unwrap(),
            }
        };
        for number in 0..5 {
            assert!(may_call(number * 100), "{number}");
        }
        assert!(!may_call(500) && !may_call(999));
        assert!(may_call(1_000), "the first one is a second old");
        assert!(!may_call(1_001));
        assert!(may_call(9_000));
    }

    #[test]
    fn a_third_token_of_a_person_within_a_second_is_not_asked_about_and_leaves_the_calls_to_others() {
        let userinfo = Userinfo::new("https://id.example");
        for (person, token) in [("mallory", "1"), ("mallory", "2"), ("mallory", "1"), ("bob", "3")] {
            call(&userinfo, person, token, 0).unwrap();
        }
        for milliseconds in [0, 999] {
            let refused = call(&userinfo, "mallory", "4", milliseconds);
            assert!(matches!(refused, Err(IssuerFailure::TooManyTokens(_))), "{refused:?}");
        }
        call(&userinfo, "carol", "5", 999).unwrap();
        call(&userinfo, "mallory", "4", 1_000).unwrap();
    }

    #[test]
    fn the_address_of_the_endpoint_is_kept_for_an_hour() {
        let (userinfo, endpoint) =
            (Userinfo::new("https://id.example"), "https://id.example/userinfo".to_owned());
        let later = |milliseconds: i64| Moment::of_gateway(1_790_000_000_000 + milliseconds).unwrap();
        assert_eq!(userinfo.known_endpoint(later(0)), None);
        userinfo.locked().endpoint = Some((Some(endpoint.clone()), later(0)));
        assert_eq!(userinfo.known_endpoint(later(3_599_999)), Some(Some(endpoint)));
        assert_eq!(userinfo.known_endpoint(later(3_600_000)), None);
    }

    #[test]
    fn each_token_has_its_own_answer() {
        assert_eq!(hash_of("a.b.c"), hash_of("a.b.c"));
        assert_ne!(hash_of("a.b.c"), hash_of("a.b.d"));
    }
}

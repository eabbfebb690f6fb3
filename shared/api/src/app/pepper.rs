//! The pepper of Secrets Manager, and the checks of secrets that need it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_secretsmanager::Client;
use domain::{
    access_key::AccessKey,
    secret::{BadPeppers, Peppers, StoredSecret, Unverifiable},
    token::{SecretToken, Token},
    user::User,
};
use tokio::task::spawn_blocking;

use super::{
    Moment,
    verified_tokens::VerifiedTokens,
    wrong_secrets::{KnownWrong, WrongSecrets},
};

/// The shortest time between two searches for unknown versions.
const MIN_REFETCH_INTERVAL: Duration = Duration::from_secs(10);

/// The peppers of Secrets Manager, held in memory.
#[derive(Debug)]
pub struct Pepper {
    client: Client,
    secret_id: String,
    held: Mutex<Held>,
    verified: VerifiedTokens,
    wrong: WrongSecrets,
}

#[derive(Debug)]
struct Held {
    peppers: Arc<Peppers>,
    /// When this instance last searched for an unknown version. The first fetch does not count: a version may be
    /// added right after it.
    refetched: Option<Moment>,
}

/// Which secret of a key a token holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretMatch<'k> {
    /// One that is valid now: the current one, or the previous one during its overlap.
    Active(&'k StoredSecret),
    /// One that a rotation replaced.
    Retired,
    /// None of them.
    None,
}

/// Why a secret could not be checked: an error of ours, never a refusal of the caller.
#[derive(Debug, thiserror::Error)]
pub enum PepperFailure {
    /// Secrets Manager failed.
    #[error("Secrets Manager does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The document in Secrets Manager is malformed.
    #[error("the stored pepper is unusable")]
    Unusable(#[from] BadPeppers),
    /// A stored secret cannot be checked.
    #[error(transparent)]
    Unverifiable(#[from] Unverifiable),
    /// Hashing was cut off.
    #[error("hashing was cut off")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Pepper {
    /// Fetches the peppers.
    pub async fn fetch(client: Client, secret_id: String) -> Result<Self, PepperFailure> {
        let peppers = fetch(&client, &secret_id).await?;
        let held = Mutex::new(Held { peppers, refetched: None });
        Ok(Self {
            client,
            secret_id,
            held,
            verified: VerifiedTokens::default(),
            wrong: WrongSecrets::default(),
        })
    }

    /// Hashes a new token for storage. Runs argon2 off the async thread, for tens of milliseconds.
    pub(crate) async fn hash_secret(&self, token: &SecretToken) -> Result<StoredSecret, PepperFailure> {
        let (peppers, token) = (self.held(), token.token().to_secret());
        Ok(spawn_blocking(move || peppers.hash_secret(token.token())).await?)
    }

    /// Tells by the tags, in constant time, which secret of a key a token holds.
    pub async fn find<'k>(
        &self,
        key: &'k AccessKey,
        token: Token<'_>,
        now: Moment,
    ) -> Result<SecretMatch<'k>, PepperFailure> {
        for secret in key.active_secrets(now.time()) {
            if self.tag_matches(secret, token, now).await? {
                return Ok(SecretMatch::Active(secret));
            }
        }
        let peppers = self.held();
        let retired =
            key.retired_secrets(now.time()).any(|secret| peppers.retired_tag_matches(&secret, token));
        Ok(if retired { SecretMatch::Retired } else { SecretMatch::None })
    }

    /// Tells by the tags, and then by argon2, which secret of a key a token holds.
    ///
    /// argon2 runs once for each right secret on a warm instance, and never for a wrong one.
    pub async fn check<'k>(
        &self,
        key: &'k AccessKey,
        token: Token<'_>,
        now: Moment,
    ) -> Result<SecretMatch<'k>, PepperFailure> {
        let by_tag = self.find(key, token, now).await?;
        let SecretMatch::Active(stored) = by_tag else { return Ok(by_tag) };
        if self.verified.contains(token, stored) {
            return Ok(by_tag);
        }
        tracing::debug!(key_id = %key.key_id, argon2_runs = 1, "checking a secret that this instance has not seen");
        if !self.hash_matches(stored, token, now).await? {
            return Ok(SecretMatch::None);
        }
        self.verified.insert(token, stored);
        Ok(by_tag)
    }

    /// Tells whether a token can be refused without a read, because a flood of wrong secrets of its user goes on and
    /// this one was read to be wrong within the last second. It then counts as another one of them.
    #[must_use]
    pub fn known_wrong(&self, token: Token<'_>, now: Moment) -> Option<KnownWrong> {
        self.wrong.known(token.key_id(), now, |tag| self.held().retired_tag_matches(tag, token))
    }

    /// Remembers a token whose key or user is not there, or whose secret is none of the key's.
    pub fn remember_wrong(
        &self,
        token: Token<'_>,
        read_began: Moment,
        user: Option<&User>,
        key: Option<&AccessKey>,
    ) {
        self.wrong.remember(token.key_id(), read_began, user, key);
    }

    async fn tag_matches(
        &self,
        stored: &StoredSecret,
        token: Token<'_>,
        now: Moment,
    ) -> Result<bool, PepperFailure> {
        Ok(self.peppers_with(stored, now).await?.tag_matches(stored, token)?)
    }

    /// Runs argon2 off the async thread: tens of milliseconds.
    async fn hash_matches(
        &self,
        stored: &StoredSecret,
        token: Token<'_>,
        now: Moment,
    ) -> Result<bool, PepperFailure> {
        let peppers = self.peppers_with(stored, now).await?;
        let (kept, token) = (stored.clone(), token.to_secret());
        Ok(spawn_blocking(move || peppers.hash_matches(&kept, token.token())).await??)
    }

    fn held(&self) -> Arc<Peppers> {
        Arc::clone(&self.held.lock().unwrap_or_else(PoisonError::into_inner).peppers)
    }

    /// Returns the peppers, fetched anew where the secret's version is unknown.
    async fn peppers_with(&self, stored: &StoredSecret, now: Moment) -> Result<Arc<Peppers>, PepperFailure> {
        let peppers = self.held();
        if peppers.knows(stored.pepper_version()) {
            return Ok(peppers);
        }
        let due = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let due = held.refetched.is_none_or(|last| !last.is_within(MIN_REFETCH_INTERVAL, now));
            if due {
                held.refetched = Some(now);
            }
            due
        };
        if due {
            let fresh = fetch(&self.client, &self.secret_id).await?;
            self.held.lock().unwrap_or_else(PoisonError::into_inner).peppers = fresh;
        }
        Ok(self.held())
    }
}

async fn fetch(client: &Client, secret_id: &str) -> Result<Arc<Peppers>, PepperFailure> {
    let answer = client
        .get_secret_value()
        .secret_id(secret_id)
        .send()
        .await
        .map_err(|error| PepperFailure::Unavailable(Box::new(error.into_service_error())))?;
    Ok(Arc::new(Peppers::parse(answer.secret_string().unwrap_or_default())?))
}

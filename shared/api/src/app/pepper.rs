use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_sdk_secretsmanager::Client;
use domain::{
    Time,
    access_key::AccessKey,
    secret::{BadPeppers, Peppers, StoredSecret, Unverifiable},
    token::{SecretToken, Token},
};
use tokio::task::spawn_blocking;

use super::warm::Warm;

/// An unknown version is looked for at most this often.
const REFETCH_EVERY: Duration = Duration::from_secs(10);

/// The peppers of Secrets Manager, held in memory.
#[derive(Debug)]
pub struct Pepper {
    client: Client,
    secret_id: String,
    held: Mutex<Held>,
    warm: Warm,
}

#[derive(Debug)]
struct Held {
    peppers: Arc<Peppers>,
    /// When an unknown version was last looked for. The first fetch is none: a version may be added right after.
    refetched: Option<Instant>,
}

/// Which secret of a key a token holds, as far as tags tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'k> {
    /// One that works, if its hash matches too.
    Working(&'k StoredSecret),
    /// One that worked once.
    Retired,
    /// None.
    Nothing,
}

/// The pepper cannot be had: an error of ours, never a refusal of the caller.
#[derive(Debug, thiserror::Error)]
pub enum PepperFailure {
    /// Secrets Manager failed.
    #[error("Secrets Manager does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The stored document is unusable.
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
        Ok(Self { client, secret_id, held, warm: Warm::default() })
    }

    /// Makes what is stored of a new token. Runs argon2 off the async thread: tens of milliseconds.
    pub async fn hash_secret(&self, token: &SecretToken) -> Result<StoredSecret, PepperFailure> {
        let (peppers, token) = (self.held(), token.token().to_secret());
        Ok(spawn_blocking(move || peppers.hash_secret(token.token())).await?)
    }

    /// Tells which secret of a key a token holds, as far as tags tell, in constant time.
    pub async fn find<'k>(
        &self,
        key: &'k AccessKey,
        token: Token<'_>,
        now: Time,
    ) -> Result<Found<'k>, PepperFailure> {
        for secret in key.active_secrets(now) {
            if self.tag_matches(secret, token).await? {
                return Ok(Found::Working(secret));
            }
        }
        let peppers = self.held();
        let retired = key.retired_secrets(now).any(|secret| peppers.retired_tag_matches(&secret, token));
        Ok(if retired { Found::Retired } else { Found::Nothing })
    }

    /// Tells which secret of a key a token holds: by its tag, and then by argon2, which runs once for each
    /// right secret on a warm instance and never for a wrong one.
    pub async fn check<'k>(
        &self,
        key: &'k AccessKey,
        token: Token<'_>,
        now: Time,
    ) -> Result<Found<'k>, PepperFailure> {
        let found = self.find(key, token, now).await?;
        let Found::Working(stored) = found else { return Ok(found) };
        if self.warm.knows(token, stored) {
            return Ok(found);
        }
        tracing::debug!(key.id = %key.key_id, argon2.runs = 1, "checking a secret that this instance has not seen");
        if !self.hash_matches(stored, token).await? {
            return Ok(Found::Nothing);
        }
        self.warm.learn(token, stored);
        Ok(found)
    }

    async fn tag_matches(&self, stored: &StoredSecret, token: Token<'_>) -> Result<bool, PepperFailure> {
        Ok(self.knowing(stored).await?.tag_matches(stored, token)?)
    }

    /// Runs argon2 off the async thread: tens of milliseconds.
    async fn hash_matches(&self, stored: &StoredSecret, token: Token<'_>) -> Result<bool, PepperFailure> {
        let peppers = self.knowing(stored).await?;
        let (kept, token) = (stored.clone(), token.to_secret());
        Ok(spawn_blocking(move || peppers.hash_matches(&kept, token.token())).await??)
    }

    fn held(&self) -> Arc<Peppers> {
        Arc::clone(&self.held.lock().unwrap_or_else(PoisonError::into_inner).peppers)
    }

    async fn knowing(&self, stored: &StoredSecret) -> Result<Arc<Peppers>, PepperFailure> {
        let peppers = self.held();
        if peppers.knows(stored.pepper_version()) {
            return Ok(peppers);
        }
        let due = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let due = held.refetched.is_none_or(|last| last.elapsed() >= REFETCH_EVERY);
            if due {
                held.refetched = Some(Instant::now());
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

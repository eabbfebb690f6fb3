use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    secret::{BadPeppers, Peppers, StoredSecret, Unverifiable},
    token::{SecretToken, Token},
};
use tokio::task::spawn_blocking;

use super::secrets::Secrets;

/// An unknown version is looked for at most this often.
const REFETCH_EVERY: Duration = Duration::from_secs(10);

/// The peppers of Secrets Manager, held in memory.
#[derive(Debug)]
pub struct Pepper {
    secrets: Secrets,
    secret_id: String,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    peppers: Arc<Peppers>,
    /// When an unknown version was last looked for. The first fetch is none: a version may be added right after.
    refetched: Option<Instant>,
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
    pub(super) async fn fetch(secrets: Secrets, secret_id: String) -> Result<Self, PepperFailure> {
        let peppers = fetch(&secrets, &secret_id).await?;
        Ok(Self { secrets, secret_id, held: Mutex::new(Held { peppers, refetched: None }) })
    }

    /// Makes what is stored of a new token. Runs argon2 off the async thread: tens of milliseconds.
    pub async fn seal(&self, token: &SecretToken) -> Result<StoredSecret, PepperFailure> {
        let (peppers, token) = (self.held(), token.token().to_secret());
        Ok(spawn_blocking(move || peppers.seal(token.token())).await?)
    }

    /// Compares a token's tag with a stored one, in constant time.
    pub async fn tag_matches(&self, stored: &StoredSecret, token: Token<'_>) -> Result<bool, PepperFailure> {
        Ok(self.knowing(stored).await?.tag_matches(stored, token)?)
    }

    /// Runs argon2 off the async thread: tens of milliseconds. Compare the tag first.
    pub async fn hash_matches(&self, stored: &StoredSecret, token: Token<'_>) -> Result<bool, PepperFailure> {
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
            let fresh = fetch(&self.secrets, &self.secret_id).await?;
            self.held.lock().unwrap_or_else(PoisonError::into_inner).peppers = fresh;
        }
        Ok(self.held())
    }
}

async fn fetch(secrets: &Secrets, secret_id: &str) -> Result<Arc<Peppers>, PepperFailure> {
    Ok(Arc::new(Peppers::parse(&secrets.read(secret_id).await.map_err(PepperFailure::Unavailable)?)?))
}

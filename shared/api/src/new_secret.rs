//! A new secret of an access key, drawn and hashed.

use domain::{id::KeyId, secret::StoredSecret, token::SecretToken};

use crate::app::{App, Pepper, PepperFailure};

/// A secret that is not stored yet.
pub struct NewSecret {
    /// The token, which is shown once.
    pub token: SecretToken,
    /// What is stored of it.
    pub stored: StoredSecret,
}

impl App<Pepper> {
    /// Draws a secret for a key and hashes it. Runs argon2 off the async thread, for tens of milliseconds.
    pub async fn new_secret(&self, key_id: KeyId) -> Result<NewSecret, PepperFailure> {
        let token = SecretToken::generate(&self.key_prefix, key_id);
        Ok(NewSecret { stored: self.pepper.hash_secret(&token).await?, token })
    }
}

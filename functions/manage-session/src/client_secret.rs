//! The secret by which the console proves itself to the identity provider.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::app::{Aws, Moment, Secret, SecretFailure};

/// How long a value is kept: a new one counts after this time at the latest.
const MAX_AGE: Duration = Duration::from_mins(5);

/// The client secret, read when it is needed.
pub(crate) struct ClientSecret {
    stored: Secret,
    held: Mutex<Option<(Arc<str>, Moment)>>,
}

impl ClientSecret {
    pub(crate) fn new(aws: &Aws, id: String) -> Self {
        Self { stored: Secret::new(aws, id), held: Mutex::default() }
    }

    /// Returns the value of the last five minutes.
    pub(crate) async fn value(&self, now: Moment) -> Result<Arc<str>, SecretFailure> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((value, _)) = held.filter(|(_, read)| read.is_within(MAX_AGE, now)) {
            return Ok(value);
        }
        let value: Arc<str> = self.stored.read().await?.into();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&value), now));
        Ok(value)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientSecret").field("stored", &self.stored).finish_non_exhaustive()
    }
}

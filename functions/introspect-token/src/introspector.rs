//! The state of one instance.

use api::app::{App, Pepper, StartError};

use crate::known_catalogs::KnownCatalogs;

/// The clients of one instance, and the grants that it has read.
#[derive(Debug)]
pub struct Introspector {
    pub(crate) app: App<Pepper>,
    pub(crate) catalogs: KnownCatalogs,
}

impl Introspector {
    /// Reads the environment, asks for the pepper, and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        Ok(Self { app: App::from_env_with_pepper().await?, catalogs: KnownCatalogs::default() })
    }
}

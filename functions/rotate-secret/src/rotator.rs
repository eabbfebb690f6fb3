//! The clients of one instance.

use api::app::{Aws, BadSetting, Environment};

use crate::versions::Versions;

/// The clients of one instance.
#[derive(Debug)]
pub struct Rotator {
    pub(crate) aws: Aws,
    pub(crate) versions: Versions,
}

impl Rotator {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, BadSetting> {
        let environment = Environment::start()?;
        let aws = Aws::new(&environment)?;
        let versions = Versions::new(aws.secrets_manager());
        Ok(Self { aws, versions })
    }
}

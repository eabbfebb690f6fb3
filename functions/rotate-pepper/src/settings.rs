//! The state of one instance of the function, made from its settings.

use api::app::{Aws, BadSetting, Environment, Secret};

/// The client of one instance.
#[derive(Debug)]
pub struct PepperRotator {
    pub(crate) pepper: Secret,
}

impl PepperRotator {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, BadSetting> {
        let environment = Environment::start()?;
        let aws = Aws::new(&environment)?;
        Ok(Self { pepper: Secret::new(&aws, environment.required("PEPPER_SECRET_ID")?) })
    }
}

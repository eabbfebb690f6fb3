//! The settings of the sender.

use api::app::{BadSetting, Environment};

/// The settings with which e-mails are written and sent.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Another address of SES than the service's own.
    pub(crate) endpoint: Option<String>,
    /// The sender's address.
    pub(crate) from: String,
    /// The address for answers; the sender's if absent.
    pub(crate) reply_to: Option<String>,
    /// The SES configuration set; the identity's default if absent.
    pub(crate) configuration_set: Option<String>,
    /// The page that mails link to, if there is one.
    pub(crate) console_url: Option<String>,
}

impl Sender {
    /// Reads the settings.
    pub(crate) fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            endpoint: environment.optional("AWS_ENDPOINT_URL_SES"),
            from: environment.required("MAIL_FROM")?,
            reply_to: environment.optional("MAIL_REPLY_TO"),
            configuration_set: environment.optional("SES_CONFIGURATION_SET"),
            console_url: environment.optional("CONSOLE_URL"),
        })
    }
}

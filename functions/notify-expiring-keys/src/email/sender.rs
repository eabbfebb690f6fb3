//! The settings of the sender.

use api::app::{BadSetting, Environment};
use domain::text::{BadText, Name};

/// The settings with which e-mails are written and sent.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Another address of SES than the service's own.
    pub(crate) endpoint: Option<String>,
    /// The region of SES; the function's own if absent.
    pub(crate) region: Option<String>,
    /// The sender's address.
    pub(crate) from: String,
    /// The name that mail programs show beside it, if there is one.
    pub(crate) from_name: Option<Name>,
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
        let from_name = environment.optional("MAIL_FROM_NAME").map(Name::try_from).transpose();
        let wrong_name = |rule: BadText| BadSetting::Wrong { name: "MAIL_FROM_NAME", rule: rule.to_string() };
        Ok(Self {
            endpoint: environment.endpoint("AWS_ENDPOINT_URL_SES"),
            region: environment.optional("SES_REGION"),
            from: environment.required("MAIL_FROM")?,
            from_name: from_name.map_err(wrong_name)?,
            reply_to: environment.optional("MAIL_REPLY_TO"),
            configuration_set: environment.optional("SES_CONFIGURATION_SET"),
            console_url: environment.optional("CONSOLE_URL"),
        })
    }
}

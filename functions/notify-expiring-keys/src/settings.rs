//! The state of one instance of the function, made from its settings.

use api::app::{App, Clock, StartError};

use crate::{address::MailDomains, email::sender::Sender, send::ses::Mailer};

/// The clients and settings of one instance.
#[derive(Debug)]
pub struct Notifier {
    pub(crate) app: App,
    pub(crate) sender: Sender,
    pub(crate) mailer: Mailer,
    /// The domains in which machines may have any address.
    pub(crate) mail_domains: MailDomains,
    pub(crate) clock: Clock,
}

impl Notifier {
    /// Reads the environment and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env().await?;
        let sender = Sender::from_env(&app.environment)?;
        let mailer = Mailer::new(&app.aws, &sender);
        let mail_domains = app.environment.parse_or("MAIL_DOMAINS", MailDomains::default())?;
        Ok(Self { app, sender, mailer, mail_domains, clock: Clock::default() })
    }
}

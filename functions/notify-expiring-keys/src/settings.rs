//! The state of one instance of the function, made from its settings.

use std::num::NonZero;

use api::app::{App, Clock, StartError};

use crate::{address::MailDomains, email::sender::Sender, expiring_keys::DailyCount, send::ses::Mailer};

/// The mails of an organization and day to addresses that no sign-in proved, unless a setting says otherwise.
const MAILS_PER_ORGANIZATION_AND_DAY: NonZero<u32> = NonZero::new(1_000).expect("it is not zero");

/// The clients and settings of one instance.
#[derive(Debug)]
pub struct Notifier {
    pub(crate) app: App,
    pub(crate) sender: Sender,
    pub(crate) mailer: Mailer,
    /// The domains in which machines may have any address.
    pub(crate) mail_domains: MailDomains,
    /// The most mails of an organization and UTC day to addresses that no sign-in proved.
    pub(crate) mails_per_organization_and_day: NonZero<u32>,
    pub(crate) clock: Clock,
    pub(crate) daily_count: DailyCount,
}

impl Notifier {
    /// Reads the environment and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env().await?;
        let sender = Sender::from_env(&app.environment)?;
        let mailer = Mailer::new(&app.aws, &sender);
        let mail_domains = app.environment.parse_or("MAIL_DOMAINS", MailDomains::default())?;
        let mails_per_organization_and_day =
            app.environment.parse_or("MAILS_PER_ORGANIZATION_AND_DAY", MAILS_PER_ORGANIZATION_AND_DAY)?;
        let (clock, daily_count) = (Clock::default(), DailyCount::default());
        Ok(Self { app, sender, mailer, mail_domains, mails_per_organization_and_day, clock, daily_count })
    }
}

use api::app::{App, BadSetting, Clock, Environment, StartError};

use crate::post::Post;

/// What one instance of the function holds.
#[derive(Debug)]
pub struct Notifier {
    pub(crate) app: App,
    pub(crate) post: Post,
    pub(crate) clock: Clock,
}

impl Notifier {
    /// Reads the environment and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env().await?;
        let post = Post::new(&app.aws, Sender::from_env(&app.environment)?);
        Ok(Self { app, post, clock: Clock::default() })
    }
}

/// How mails are sent.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Another address of SES than the service's own.
    pub(crate) endpoint: Option<String>,
    /// The sender's address.
    pub(crate) from: String,
    /// Where answers go; to the sender if absent.
    pub(crate) reply_to: Option<String>,
    /// The SES configuration set; the identity's default if absent.
    pub(crate) configuration_set: Option<String>,
    /// The page that mails send their readers to, if there is one.
    pub(crate) console_url: Option<String>,
}

impl Sender {
    fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            endpoint: environment.optional("AWS_ENDPOINT_URL_SES"),
            from: environment.required("MAIL_FROM")?,
            reply_to: environment.optional("MAIL_REPLY_TO"),
            configuration_set: environment.optional("SES_CONFIGURATION_SET"),
            console_url: environment.optional("CONSOLE_URL"),
        })
    }
}

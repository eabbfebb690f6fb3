use std::time::Duration;

use api::app::Aws;
use aws_sdk_ses::{
    Client,
    config::{Builder, Config, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::send_raw_email::SendRawEmailError,
    primitives::Blob,
    types::RawMessage,
};
use domain::{Time, user::User};
use table::Mail;

use crate::{
    compose::{Letter, Line},
    failure::Failure,
    settings::Sender,
};

/// How often a mail is offered to SES while it says that it gets too many.
const OFFERS: u32 = 4;

/// How long SES may take to answer: an answer that is not waited for is a mail sent twice.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Sends mails.
#[derive(Debug)]
pub(crate) struct Post {
    client: Client,
    sender: Sender,
}

/// What may be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    /// Mails in a second.
    pub(crate) rate: f64,
    /// Mails until the day's quota is used up.
    pub(crate) left: f64,
}

/// What became of a mail that SES was given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// SES took it.
    Accepted,
    /// SES will never take it, for the reason of this code.
    Rejected(String),
    /// SES did not take it now, or did and the answer was lost.
    Unknown(String),
    /// SES takes no more mails today.
    QuotaUsedUp,
}

impl Post {
    pub(crate) fn new(aws: &Aws, sender: Sender) -> Self {
        let mut config = Builder::from(aws.config());
        config.set_endpoint_url(sender.endpoint.clone());
        Self { client: Client::from_conf(config.build()), sender }
    }

    /// Asks what may be sent.
    pub(crate) async fn quota(&self) -> Result<Quota, Failure> {
        let quota = self.client.get_send_quota().send().await;
        let quota = quota.map_err(|error| Failure::Quota(code_of(&error)))?;
        let left = quota.max24_hour_send - quota.sent_last24_hours;
        let unlimited = quota.max24_hour_send < 0.0;
        Ok(Quota { rate: quota.max_send_rate, left: if unlimited { f64::INFINITY } else { left } })
    }

    /// Composes a mail and gives it to SES.
    pub(crate) async fn send(&self, mail: &Mail, recipient: &User, lines: &[&Line], now: Time) -> Sent {
        let Some(address) = &recipient.email else { return Sent::Rejected("NoAddress".to_owned()) };
        let letter = Letter::new(recipient.name.as_str(), lines, self.sender.console_url.as_deref(), now);
        let message = letter.into_message(&self.sender, address, mail.mail_id, now);
        let message = RawMessage::builder().data(Blob::new(message)).build().expect("data is given");
        let request = self
            .client
            .send_raw_email()
            .source(&self.sender.from)
            .destinations(address.as_str())
            .raw_message(message)
            .set_configuration_set_name(self.sender.configuration_set.clone());
        // Offering a mail again whose answer was lost would send it twice: only a later run may.
        let patient = TimeoutConfig::builder().operation_attempt_timeout(ANSWER_WITHIN).build();
        let once = Config::builder().retry_config(RetryConfig::disabled()).timeout_config(patient);
        let mut offers = 1;
        loop {
            match request.clone().customize().config_override(once.clone()).send().await {
                Ok(_) => return Sent::Accepted,
                Err(error) if offers < OFFERS && is_too_fast(&error) => {
                    tokio::time::sleep(Duration::from_millis(250 << offers)).await;
                    offers += 1;
                }
                Err(error) => return self.judge(&error),
            }
        }
    }

    fn judge<R>(&self, error: &SdkError<SendRawEmailError, R>) -> Sent {
        let message = error.message().unwrap_or_default();
        match error.code() {
            Some("Throttling") if is_daily(message) => Sent::QuotaUsedUp,
            // A sender that is not verified is our own mistake, and ends when that is mended.
            Some(code @ ("MessageRejected" | "InvalidParameterValue"))
                if !message.contains(&self.sender.from) =>
            {
                Sent::Rejected(code.to_owned())
            }
            _ => Sent::Unknown(code_of(error)),
        }
    }
}

fn is_too_fast<R>(error: &SdkError<SendRawEmailError, R>) -> bool {
    error.code() == Some("Throttling") && !is_daily(error.message().unwrap_or_default())
}

fn is_daily(message: &str) -> bool {
    message.starts_with("Daily message quota exceeded")
}

/// Names an error. Its message stays out of the log: it may hold an address.
fn code_of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    let code = match (error, error.code()) {
        (_, Some(code)) => code,
        (SdkError::TimeoutError(_), _) => "timeout",
        (SdkError::DispatchFailure(_), _) => "no connection",
        _ => "no answer",
    };
    code.to_owned()
}

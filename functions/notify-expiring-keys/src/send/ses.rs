//! Hands finished e-mails to SES.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use api::app::Aws;
use aws_sdk_ses::{
    Client,
    config::{Builder, Config, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::RawMessage,
};
use tokio::time::timeout;

use crate::{email::sender::Sender, failure::Failure, run::SEND_TIMEOUT};

#[cfg(test)]
mod tests;

/// The most attempts of sending a mail while SES answers that mails come too fast.
const MAX_ATTEMPTS: u32 = 4;

/// The time limit of one answer of SES. A mail whose answer comes later is sent twice.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(8);

/// The beginnings of SES's messages about an address that can never receive mail, whoever sends it.
const BAD_ADDRESS: [&str; 7] = [
    "Address blacklisted",
    "Domain contains",
    "Domain ends with",
    "Domain starts with",
    "Illegal address",
    "Local address contains",
    "Missing final '@domain'",
];

/// Sends e-mails.
#[derive(Debug)]
pub(crate) struct Mailer {
    client: Client,
    from: String,
    configuration_set: Option<String>,
    /// Whether SES accepted a mail of this sender. Before that, a message about a bad address may be about
    /// the sender's own.
    sender_accepted: AtomicBool,
}

/// The limits of the account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    /// Mails in a second.
    pub(super) rate: f64,
    /// Mails until the day's quota is used up.
    pub(super) left: f64,
}

/// The outcome of sending an e-mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SendOutcome {
    /// SES accepted the mail.
    Accepted,
    /// SES will never accept a mail to this address, for the reason of this code.
    Rejected(String),
    /// SES did not accept the mail now, or accepted it and the answer was lost.
    Unknown(String),
    /// SES accepts no more mails today.
    QuotaUsedUp,
}

impl Mailer {
    /// Makes the client.
    pub(crate) fn new(aws: &Aws, sender: &Sender) -> Self {
        let mut config = Builder::from(aws.config());
        config.set_endpoint_url(sender.endpoint.clone());
        if let Some(region) = &sender.region {
            config.set_region(Some(Region::new(region.clone())));
        }
        Self {
            client: Client::from_conf(config.build()),
            from: sender.from.clone(),
            configuration_set: sender.configuration_set.clone(),
            sender_accepted: AtomicBool::new(false),
        }
    }

    /// Asks SES for the limits of the account.
    pub(super) async fn quota(&self) -> Result<Quota, Failure> {
        let quota = timeout(RESPONSE_TIMEOUT, Box::pin(self.client.get_send_quota().send())).await;
        let quota = quota.map_err(|_| Failure::Quota("timeout".to_owned()))?;
        let quota = quota.map_err(|error| Failure::Quota(code_of(&error)))?;
        Ok(Quota {
            rate: quota.max_send_rate,
            left: left_of_day(quota.max24_hour_send, quota.sent_last24_hours),
        })
    }

    /// Sends a finished e-mail to an address.
    pub(super) async fn send(&self, address: &str, message: Vec<u8>) -> SendOutcome {
        let outcome = timeout(SEND_TIMEOUT, Box::pin(self.attempt(address, message)))
            .await
            .unwrap_or_else(|_| SendOutcome::Unknown("timeout".to_owned()));
        self.remember_acceptance(&outcome);
        outcome
    }

    /// Remembers that SES accepted a mail of this sender.
    fn remember_acceptance(&self, outcome: &SendOutcome) {
        if *outcome == SendOutcome::Accepted {
            self.sender_accepted.store(true, Ordering::Relaxed);
        }
    }

    /// Tries to send an e-mail, again while SES answers that mails come too fast.
    async fn attempt(&self, address: &str, message: Vec<u8>) -> SendOutcome {
        let message = RawMessage::builder().data(Blob::new(message)).build().expect("data is given");
        let request = self
            .client
            .send_raw_email()
            .source(&self.from)
            .destinations(address)
            .raw_message(message)
            .set_configuration_set_name(self.configuration_set.clone());
        // A mail whose answer was lost would be sent twice by a retry: only a later run may send it again.
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(RESPONSE_TIMEOUT).build();
        let config = Config::builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts);
        let mut attempts = 1;
        loop {
            match request.clone().customize().config_override(config.clone()).send().await {
                Ok(_) => return SendOutcome::Accepted,
                Err(error) if attempts < MAX_ATTEMPTS && is_too_fast(&error) => {
                    tokio::time::sleep(Duration::from_millis(250 << attempts)).await;
                    attempts += 1;
                }
                Err(error) => {
                    return self
                        .final_outcome(error.code(), error.message())
                        .unwrap_or_else(|| SendOutcome::Unknown(code_of(&error)));
                }
            }
        }
    }

    /// Returns the final outcome that an error of SES means; `None` if a later attempt may succeed.
    ///
    /// Nearly all errors may pass: a recipient that is not verified while the account is in the sandbox, or
    /// a fault of our own identity, configuration set or account. A mail is rejected only for a fault of the
    /// address itself, and only after SES accepted another mail from us: a bad sender has the same message.
    fn final_outcome(&self, code: Option<&str>, message: Option<&str>) -> Option<SendOutcome> {
        let message = message.unwrap_or_default();
        match code? {
            "Throttling" if is_daily(message) => Some(SendOutcome::QuotaUsedUp),
            code @ ("InvalidParameterValue" | "MessageRejected")
                if BAD_ADDRESS.iter().any(|words| message.starts_with(words))
                    && self.sender_accepted.load(Ordering::Relaxed) =>
            {
                Some(SendOutcome::Rejected(code.to_owned()))
            }
            _ => None,
        }
    }
}

/// Returns how many mails are left of the day. A negative limit means unlimited.
fn left_of_day(limit: f64, sent: f64) -> f64 {
    if limit < 0.0 { f64::INFINITY } else { limit - sent }
}

fn is_too_fast(error: &impl ProvideErrorMetadata) -> bool {
    error.code() == Some("Throttling") && !is_daily(error.message().unwrap_or_default())
}

fn is_daily(message: &str) -> bool {
    message.starts_with("Daily message quota exceeded")
}

/// Returns the code of an error. Its message stays out of the log, because it may hold an address.
fn code_of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    let code = match (error, error.code()) {
        (_, Some(code)) => code,
        (SdkError::TimeoutError(_), _) => "timeout",
        (SdkError::DispatchFailure(_), _) => "no connection",
        _ => "no answer",
    };
    code.to_owned()
}

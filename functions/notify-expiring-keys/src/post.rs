use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use api::app::Aws;
use aws_sdk_ses::{
    Client,
    config::{Builder, Config, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::RawMessage,
};
use domain::{Time, user::User};
use table::Mail;
use tokio::time::timeout;

use crate::{
    compose::{Contents, Letter, Line},
    failure::Failure,
    settings::Sender,
};

/// How often a mail is offered to SES while it says that it gets too many.
const OFFERS: u32 = 4;

/// How long SES may take to answer: an answer that is not waited for is a mail sent twice.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// How long offering a mail may take in all. Refusals for being too fast come at once, so that the
/// last offer has its time too.
pub(crate) const SENT_WITHIN: Duration = Duration::from_secs(12);

/// What SES says of an address that no mail can go to, whoever sends it and whenever.
const BAD_ADDRESS: [&str; 7] = [
    "Address blacklisted",
    "Domain contains",
    "Domain ends with",
    "Domain starts with",
    "Illegal address",
    "Local address contains",
    "Missing final '@domain'",
];

/// Sends mails.
#[derive(Debug)]
pub(crate) struct Post {
    client: Client,
    sender: Sender,
    /// Whether SES took a mail of this sender: what it then says of an address is not said of ours.
    sender_is_good: AtomicBool,
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
    /// SES will never take a mail to this address, for the reason of this code.
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
        Self { client: Client::from_conf(config.build()), sender, sender_is_good: AtomicBool::new(false) }
    }

    /// Asks what may be sent.
    pub(crate) async fn quota(&self) -> Result<Quota, Failure> {
        let quota = timeout(ANSWER_WITHIN, Box::pin(self.client.get_send_quota().send())).await;
        let quota = quota.map_err(|_| Failure::Quota("timeout".to_owned()))?;
        let quota = quota.map_err(|error| Failure::Quota(code_of(&error)))?;
        let left = quota.max24_hour_send - quota.sent_last24_hours;
        let unlimited = quota.max24_hour_send < 0.0;
        Ok(Quota { rate: quota.max_send_rate, left: if unlimited { f64::INFINITY } else { left } })
    }

    /// Composes a mail and gives it to SES.
    pub(crate) async fn send(&self, mail: &Mail, recipient: &User, lines: &[&Line], now: Time) -> Sent {
        let Some(address) = &recipient.email else { return Sent::Rejected("NoAddress".to_owned()) };
        let contents = Contents {
            recipient: recipient.name.as_str(),
            lines,
            messages: &mail.messages,
            console_url: self.sender.console_url.as_deref(),
            now,
        };
        let message = Letter::new(&contents).into_message(&self.sender, address, mail, now);
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
        let offer = async || {
            let mut offers = 1;
            loop {
                match request.clone().customize().config_override(once.clone()).send().await {
                    Ok(_) => return Sent::Accepted,
                    Err(error) if offers < OFFERS && is_too_fast(&error) => {
                        tokio::time::sleep(Duration::from_millis(250 << offers)).await;
                        offers += 1;
                    }
                    Err(error) => {
                        return self
                            .judge(error.code(), error.message())
                            .unwrap_or_else(|| Sent::Unknown(code_of(&error)));
                    }
                }
            }
        };
        let sent = timeout(SENT_WITHIN, Box::pin(offer()))
            .await
            .unwrap_or_else(|_| Sent::Unknown("timeout".to_owned()));
        if sent == Sent::Accepted {
            self.sender_is_good.store(true, Ordering::Relaxed);
        }
        sent
    }

    /// Tells what a refusal of SES means for good; `None` where a later try may go better.
    ///
    /// Nearly all pass: a recipient that is not verified yet while the account is in the sandbox, our
    /// own identity, configuration set or account. A mail is given up for what is wrong with the address
    /// itself alone, and not before SES took another mail from us: the same words are said of a bad sender.
    fn judge(&self, code: Option<&str>, message: Option<&str>) -> Option<Sent> {
        let message = message.unwrap_or_default();
        match code? {
            "Throttling" if is_daily(message) => Some(Sent::QuotaUsedUp),
            code @ ("InvalidParameterValue" | "MessageRejected")
                if BAD_ADDRESS.iter().any(|words| message.starts_with(words))
                    && self.sender_is_good.load(Ordering::Relaxed) =>
            {
                Some(Sent::Rejected(code.to_owned()))
            }
            _ => None,
        }
    }
}

fn is_too_fast(error: &impl ProvideErrorMetadata) -> bool {
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

#[cfg(test)]
mod tests {
    use aws_sdk_ses::config::BehaviorVersion;

    use super::*;

    fn post() -> Post {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        let sender = Sender {
            endpoint: None,
            from: "keys@example.com".to_owned(),
            reply_to: None,
            configuration_set: None,
            console_url: None,
        };
        Post { client: Client::from_conf(config), sender, sender_is_good: AtomicBool::new(true) }
    }

    #[test]
    fn only_what_is_wrong_with_the_address_itself_ends_a_mail() {
        let post = post();
        for (code, message, judged) in [
            (
                "InvalidParameterValue",
                "Missing final '@domain'",
                Some(Sent::Rejected("InvalidParameterValue".to_owned())),
            ),
            ("MessageRejected", "Address blacklisted.", Some(Sent::Rejected("MessageRejected".to_owned()))),
            ("Throttling", "Daily message quota exceeded.", Some(Sent::QuotaUsedUp)),
            ("Throttling", "Maximum sending rate exceeded.", None),
            (
                "MessageRejected",
                "Email address is not verified. The following identities failed the check: a@b.c",
                None,
            ),
            ("MessageRejected", "Sending suspended for this account.", None),
            ("MailFromDomainNotVerifiedException", "", None),
            ("ConfigurationSetDoesNotExist", "Configuration set <x> does not exist.", None),
            ("InvalidParameterValue", "Message length is more than 10485760 bytes long", None),
            ("InternalFailure", "", None),
        ] {
            assert_eq!(post.judge(Some(code), Some(message)), judged, "{code}: {message}");
        }
        assert_eq!(post.judge(None, None), None);
    }

    #[test]
    fn an_address_is_not_blamed_before_the_sender_is_known_to_be_good() {
        let post = post();
        post.sender_is_good.store(false, Ordering::Relaxed);
        assert_eq!(post.judge(Some("InvalidParameterValue"), Some("Illegal address")), None);
    }
}

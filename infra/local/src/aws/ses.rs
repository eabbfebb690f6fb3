//! SES, version 1: accepts raw mails, keeps them, and has a quota.

use std::sync::Mutex;

use hyper::StatusCode;

use super::{
    identify::FormFields,
    mail::{self, Email, StoredEmail},
};
use crate::{
    clock::machine_time,
    data::DataDirectory,
    error::StackError,
    http::{self, Response},
    random,
    tasks::lock,
};

const FILE: &str = "emails.jsonl";

/// The quota that `GetSendQuota` reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    /// Mails in 24 hours; -1 is unlimited.
    pub max_24_hour_send: f64,
    /// Mails in a second.
    pub max_send_rate: f64,
    /// Mails sent in the last 24 hours, besides those that the stack accepted.
    pub sent_last_24_hours: f64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { max_24_hour_send: 50_000.0, max_send_rate: 14.0, sent_last_24_hours: 0.0 }
    }
}

/// The accepted mails, and the quota.
#[derive(Debug)]
pub(crate) struct Ses {
    data: DataDirectory,
    emails: Mutex<Vec<Email>>,
    quota: Mutex<Quota>,
}

impl Ses {
    /// Reads the mails of earlier starts.
    pub(crate) fn open(data: DataDirectory) -> Result<Self, StackError> {
        let mut emails = Vec::new();
        let stored = data.read(FILE)?.unwrap_or_default();
        for line in stored.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let stored = serde_json::from_slice::<StoredEmail>(line).ok().and_then(StoredEmail::restore);
            emails.push(stored.ok_or_else(|| data.damaged(FILE))?);
        }
        Ok(Self { data, emails: Mutex::new(emails), quota: Mutex::default() })
    }

    /// Returns every accepted mail.
    pub(crate) fn emails(&self) -> Vec<Email> {
        lock(&self.emails).clone()
    }

    /// Forgets every mail.
    pub(crate) fn clear(&self) -> Result<(), StackError> {
        lock(&self.emails).clear();
        self.data.write(FILE, b"")
    }

    /// Sets the quota.
    pub(crate) fn set_quota(&self, quota: Quota) {
        *lock(&self.quota) = quota;
    }

    /// Handles an operation.
    pub(super) fn handle(&self, operation: &str, form: &FormFields) -> Response {
        match operation {
            "SendRawEmail" => self.send(form),
            "GetSendQuota" => {
                let (quota, sent) = self.usage();
                let fields = [
                    ("SentLast24Hours", sent),
                    ("Max24HourSend", quota.max_24_hour_send),
                    ("MaxSendRate", quota.max_send_rate),
                ];
                let fields = fields.map(|(name, value)| format!("<{name}>{value:?}</{name}>")).concat();
                result(operation, &fields)
            }
            other => error(
                StatusCode::BAD_REQUEST,
                "InvalidAction",
                &format!("The local stack does not know {other}."),
            ),
        }
    }

    fn usage(&self) -> (Quota, f64) {
        let quota = *lock(&self.quota);
        let accepted = u32::try_from(lock(&self.emails).len()).unwrap_or(u32::MAX);
        (quota, quota.sent_last_24_hours + f64::from(accepted))
    }

    fn send(&self, form: &FormFields) -> Response {
        let (quota, sent) = self.usage();
        if quota.max_24_hour_send >= 0.0 && sent >= quota.max_24_hour_send {
            return error(StatusCode::BAD_REQUEST, "Throttling", "Daily message quota exceeded.");
        }
        let Some(mut email) = mail::parse(form, machine_time()) else {
            let message = "The raw message has no sender, no recipient, or is no mail.";
            return error(StatusCode::BAD_REQUEST, "InvalidParameterValue", message);
        };
        email.message_id = format!("{}-{}-000000", random::base62(16).to_lowercase(), random::uuid());
        let mut line = serde_json::to_vec(&StoredEmail::new(&email)).expect("a stored mail is plain data");
        line.push(b'\n');
        if self.data.append(FILE, &line).is_err() {
            return error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalFailure",
                "The mail could not be kept.",
            );
        }
        let id = format!("<MessageId>{}</MessageId>", email.message_id);
        lock(&self.emails).push(email);
        result("SendRawEmail", &id)
    }
}

const NAMESPACE: &str = "http://ses.amazonaws.com/doc/2010-12-01/";

fn result(operation: &str, fields: &str) -> Response {
    let id = random::uuid();
    let body = format!(
        "<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>{fields}</{operation}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    http::response(StatusCode::OK, "text/xml", body)
}

/// Responds with an error of the Query protocol.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let id = random::uuid();
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    );
    http::response(status, "text/xml", body)
}

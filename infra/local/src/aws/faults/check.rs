//! Refuses faults that can never strike, so that nobody waits for one.

use super::{Effect, Fault, When};
use crate::aws::{calls::Service, identify::HEALTH};

const DYNAMODB: [&str; 19] = [
    HEALTH,
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "ListTables",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateContinuousBackups",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];
const SES: [&str; 2] = ["GetSendQuota", "SendRawEmail"];
const SECRETS_MANAGER: [&str; 6] = [
    "DescribeSecret",
    "GetSecretValue",
    "ListSecretVersionIds",
    "PutSecretValue",
    "UpdateSecret",
    "UpdateSecretVersionStage",
];
const EVENT_BRIDGE: [&str; 1] = ["PutEvents"];
const CLOUD_FORMATION: [&str; 4] =
    ["DescribeStackResource", "DescribeStackResources", "DescribeStacks", "ListStackResources"];
const BATCHES: [&str; 2] = ["BatchGetItem", "BatchWriteItem"];

impl Service {
    /// The operations that the functions and the stack's own clients call.
    const fn operations(self) -> &'static [&'static str] {
        match self {
            Self::DynamoDb => &DYNAMODB,
            Self::EventBridge => &EVENT_BRIDGE,
            Self::Ses => &SES,
            Self::SecretsManager => &SECRETS_MANAGER,
            Self::CloudFormation => &CLOUD_FORMATION,
            Self::S3 => &["PutObject"],
        }
    }
}

impl Effect {
    /// The one service on which the effect has a meaning; `None` if every service has it.
    pub(super) const fn service(&self) -> Option<Service> {
        match self {
            Self::TransactionConflict { .. } | Self::Unprocessed { .. } | Self::PartitionReads { .. } => {
                Some(Service::DynamoDb)
            }
            Self::RejectMessage | Self::RejectAddress => Some(Service::Ses),
            Self::Throttle
            | Self::ServerError
            | Self::Error { .. }
            | Self::Latency { .. }
            | Self::Hold
            | Self::LoseRequest
            | Self::LoseReply
            | Self::KillBefore
            | Self::KillAfter
            | Self::ThrottleRoute
            | Self::NoInstance => None,
        }
    }
}

impl Fault {
    /// Returns the one function whose calls it strikes.
    pub(crate) fn caller(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Checks that the fault can strike. The error names the member that rules it out.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.effect.is_on_calls() { self.check_on_calls() } else { self.check_on_gateway() }?;
        match self.when {
            When::Nth(0) | When::NthOfInstance(0) | When::First(0) => {
                Err("when: calls are counted from 1".to_owned())
            }
            When::Chance { share, .. } if !(share > 0.0 && share <= 1.0) => {
                Err("share: must be more than 0, and 1 at most".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Checks a fault of a route or of a function.
    fn check_on_gateway(&self) -> Result<(), String> {
        let is_route = self.effect == Effect::ThrottleRoute;
        for (member, is_given) in [
            ("service", self.service.is_some()),
            ("recipient", self.recipient.is_some()),
            ("function", is_route && self.function.is_some()),
            ("operation", !is_route && self.operation.is_some()),
            ("when", matches!(self.when, When::NthOfInstance(_))),
        ] {
            if is_given {
                return Err(format!("{member}: this effect has none"));
            }
        }
        Ok(())
    }

    /// Checks a fault of calls to this stack's services.
    fn check_on_calls(&self) -> Result<(), String> {
        let services = [
            Service::DynamoDb,
            Service::EventBridge,
            Service::Ses,
            Service::SecretsManager,
            Service::CloudFormation,
            Service::S3,
        ]
        .into_iter();
        let of_member = self.service;
        let of_recipient = self.recipient.as_ref().map(|_| Service::Ses);
        let mut left = services.filter(|service| {
            [of_member, self.effect.service(), of_recipient].into_iter().flatten().all(|one| one == *service)
        });
        let operation = self.operation.as_deref();
        let has = |service: Service| operation.is_none_or(|name| service.operations().contains(&name));
        if left.clone().next().is_none() {
            return Err("service: it has no such effect, or no recipient".to_owned());
        }
        if !left.any(has) {
            return Err("operation: the functions call no such operation of the service".to_owned());
        }
        if self.recipient.is_some() && operation.is_some_and(|name| name != "SendRawEmail") {
            return Err("recipient: only SendRawEmail has one".to_owned());
        }
        match (&self.effect, operation) {
            (Effect::Unprocessed { count: 0 }, _) => Err("count: must be 1 or more".to_owned()),
            (Effect::Unprocessed { .. }, Some(name)) if !BATCHES.contains(&name) => {
                Err(format!("operation: must be {}", BATCHES.join(" or ")))
            }
            (Effect::Error { status, .. }, _) if !(400..600).contains(status) => {
                Err("status: must be 400 to 599".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), String> {
        serde_json::from_str::<Fault>(text).unwrap().check()
    }

    #[test]
    fn a_fault_that_can_strike_is_accepted() {
        for text in [
            r#"{"effect":"throttle"}"#,
            r#"{"effect":"throttle_route","operation":"GET /v1/whoami","when":{"nth":2}}"#,
            r#"{"effect":"no_instance","function":"manage-users"}"#,
            r#"{"service":"ses","recipient":"a@example.com","effect":"reject_message"}"#,
            r#"{"recipient":"a@example.com","operation":"SendRawEmail","effect":"lose_reply"}"#,
            r#"{"operation":"BatchGetItem","when":{"nth":1},"effect":{"unprocessed":{"count":1}}}"#,
            r#"{"service":"secretsmanager","operation":"GetSecretValue","effect":"server_error"}"#,
            r#"{"effect":{"error":{"status":400,"code":"Any"}},"when":{"chance":{"share":1,"seed":7}}}"#,
        ] {
            assert_eq!(checked(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_fault_that_can_never_strike_is_refused_by_the_member_that_rules_it_out() {
        for (text, member) in [
            (r#"{"service":"ses","effect":{"unprocessed":{"count":1}}}"#, "service"),
            (r#"{"service":"dynamodb","effect":"reject_address"}"#, "service"),
            (r#"{"service":"dynamodb","recipient":"a@example.com","effect":"throttle"}"#, "service"),
            (r#"{"recipient":"a@example.com","effect":{"transaction_conflict":{"position":0}}}"#, "service"),
            (r#"{"service":"dynamodb","operation":"SendRawEmail","effect":"throttle"}"#, "operation"),
            (r#"{"operation":"GetIten","effect":"throttle"}"#, "operation"),
            (r#"{"operation":"GetItem","effect":{"unprocessed":{"count":1}}}"#, "operation"),
            (r#"{"recipient":"a@example.com","operation":"GetSendQuota","effect":"throttle"}"#, "recipient"),
            (r#"{"effect":{"unprocessed":{"count":0}}}"#, "count"),
            (r#"{"effect":{"error":{"status":200,"code":"Any"}}}"#, "status"),
            (r#"{"effect":"throttle_route","function":"manage-users"}"#, "function"),
            (r#"{"effect":"throttle_route","service":"dynamodb"}"#, "service"),
            (r#"{"effect":"throttle_route","when":{"nth_of_instance":1}}"#, "when"),
            (r#"{"effect":"no_instance","operation":"GET /v1/whoami"}"#, "operation"),
            (r#"{"effect":"no_instance","recipient":"a@example.com"}"#, "recipient"),
            (r#"{"effect":"throttle","when":{"nth":0}}"#, "when"),
            (r#"{"effect":"throttle","when":{"first":0}}"#, "when"),
            (r#"{"effect":"throttle","when":{"nth_of_instance":0}}"#, "when"),
            (r#"{"effect":"throttle","when":{"chance":{"share":0,"seed":7}}}"#, "share"),
            (r#"{"effect":"throttle","when":{"chance":{"share":-0.1,"seed":7}}}"#, "share"),
            (r#"{"effect":"throttle","when":{"chance":{"share":1.1,"seed":7}}}"#, "share"),
        ] {
            let refused = checked(text).unwrap_err();
            assert!(refused.starts_with(&format!("{member}: ")), "{text}: {refused}");
        }
    }

    #[test]
    fn a_rule_can_be_written_as_json() {
        let text =
            r#"{"service":"ses","recipient":"a@example.com","when":{"nth":1},"effect":"reject_message"}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        let expected =
            Fault::on(Service::Ses, Effect::RejectMessage).recipient("a@example.com").when(When::Nth(1));
        assert_eq!(fault, expected);
        let text = r#"{"effect":{"latency":{"milliseconds":5}}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault, Fault::anywhere(Effect::Latency { milliseconds: 5 }));
    }
}

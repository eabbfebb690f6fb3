//! Faults on purpose: rules that strike calls to the AWS endpoints, requests of routes, and events of functions.
//!
//! Over 300 lines: one rule, its constructors and the calls that it strikes belong together.

mod check;
mod holds;
mod read_limiter;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde::{Deserialize, Serialize};

pub use self::holds::HeldCall;
pub(crate) use self::{holds::Holds, read_limiter::ReadLimiter};
use super::calls::Service;
use crate::{runtime::Caller, tasks::lock};

/// One rule: the calls to which it applies, when it strikes, and its effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The service; every service if absent.
    #[serde(default)]
    service: Option<Service>,
    /// The operation; every operation if absent.
    #[serde(default)]
    operation: Option<String>,
    /// The calling function; every caller if absent.
    #[serde(default)]
    function: Option<String>,
    /// A recipient of the mail, for SES.
    #[serde(default)]
    recipient: Option<String>,
    /// When it strikes, among the calls to which it applies.
    #[serde(default)]
    when: When,
    effect: Effect,
}

/// When a rule strikes, among the calls to which it applies. They are counted from 1 since the rule was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// Each time.
    #[default]
    Always,
    /// At the n-th call only.
    Nth(u64),
    /// At the n-th call of an instance, for each instance.
    NthOfInstance(u64),
    /// At the first n calls.
    First(u64),
    /// At random. The same seed strikes the same calls.
    Chance {
        /// The probability, from 0 to 1.
        share: f64,
        /// The seed.
        seed: u64,
    },
}

/// The effect of a fault on a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Refuses as each service does if it is called too fast.
    Throttle,
    /// Fails with a 500.
    ServerError,
    /// Responds with any error.
    Error {
        /// The HTTP status.
        status: u16,
        /// The code, as AWS spells it.
        code: String,
    },
    /// Cancels a transaction because of a conflict at one item, without executing it. A single write gets
    /// `TransactionConflictException`.
    TransactionConflict {
        /// The position of the item, from 0.
        position: usize,
    },
    /// Delays the call.
    Latency {
        /// For how long.
        milliseconds: u64,
    },
    /// Holds the call until it is let go, or until every rule is ended. [`Faults::until_held`] waits for it.
    Hold,
    /// Leaves the last keys or items of a batch unprocessed.
    Unprocessed {
        /// How many. A number greater than the batch leaves all of it.
        count: usize,
    },
    /// Counts read units, and throttles a partition whose reads exceed a limit.
    PartitionReads {
        /// The limit for each partition. The limit of AWS is 3,000.
        units_per_second: u32,
    },
    /// Drops the connection without executing the call.
    LoseRequest,
    /// Executes the call, then drops the connection.
    LoseReply,
    /// SES refuses the mail because its recipient is not verified.
    RejectMessage,
    /// SES refuses the mail because its recipient's address is invalid.
    RejectAddress,
    /// Kills the calling instance without executing the call.
    KillBefore,
    /// Executes the call, then kills the calling instance.
    KillAfter,
    /// The gateway refuses a request of the route that the rule names as its operation: 429.
    ThrottleRoute,
    /// No instance of the function is free for an event. The gateway responds with 503, and with 500 if the function is an
    /// authorizer.
    NoInstance,
}

impl Effect {
    /// Tells whether it strikes calls to AWS.
    const fn is_on_calls(&self) -> bool {
        !matches!(self, Self::ThrottleRoute | Self::NoInstance)
    }
}

impl Fault {
    /// Makes a rule for every call to a service.
    #[must_use]
    pub fn on(service: Service, effect: Effect) -> Self {
        Self { service: Some(service), ..Self::anywhere(effect) }
    }

    /// Makes a rule for every call to any service.
    #[must_use]
    pub fn anywhere(effect: Effect) -> Self {
        Self { service: None, operation: None, function: None, recipient: None, when: When::Always, effect }
    }

    /// Makes a rule for the requests of a route, for example `GET /v1/whoami`.
    #[must_use]
    pub fn throttled_route(route: &str) -> Self {
        Self::anywhere(Effect::ThrottleRoute).operation(route)
    }

    /// Makes a rule for the events of a function.
    #[must_use]
    pub fn no_instance(function: &str) -> Self {
        Self::anywhere(Effect::NoInstance).function(function)
    }

    /// Narrows the rule to one operation.
    #[must_use]
    pub fn operation(self, operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..self }
    }

    /// Narrows the rule to the signed calls of one function. A check of an endpoint's health is not signed.
    #[must_use]
    pub fn function(self, function: &str) -> Self {
        Self { function: Some(function.to_owned()), ..self }
    }

    /// Narrows the rule to mails to one address.
    #[must_use]
    pub fn recipient(self, address: &str) -> Self {
        Self { recipient: Some(address.to_owned()), ..self }
    }

    /// Sets when the rule strikes.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    fn applies_to(
        &self,
        service: Service,
        operation: &str,
        caller: Option<&Caller>,
        recipients: &[String],
    ) -> bool {
        self.effect.is_on_calls()
            && self.service.is_none_or(|wanted| wanted == service)
            && self.effect.service().is_none_or(|only| only == service)
            && self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self
                .function
                .as_deref()
                .is_none_or(|wanted| caller.is_some_and(|caller| caller.function == wanted))
            && self.recipient.as_ref().is_none_or(|wanted| recipients.contains(wanted))
    }
}

/// The rules in force. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Rule>>>,
    pub(super) holds: Holds,
    pub(super) reads: ReadLimiter,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    seen: u64,
    struck: u64,
    seen_of_instance: HashMap<Caller, u64>,
    random: SmallRng,
}

impl Faults {
    /// Puts a rule in force, from the next call on.
    ///
    /// # Panics
    /// When it can never strike.
    pub fn add(&self, fault: Fault) {
        fault.check().expect("a fault can strike");
        let seed = if let When::Chance { seed, .. } = fault.when { seed } else { 0 };
        let random = SmallRng::seed_from_u64(seed);
        lock(&self.rules).push(Rule { fault, seen: 0, struck: 0, seen_of_instance: HashMap::new(), random });
    }

    /// Ends every rule, and lets held calls go on.
    pub fn clear(&self) {
        lock(&self.rules).clear();
        self.reads.clear();
        self.holds.release();
    }

    /// Waits until [`Effect::Hold`] holds a call.
    ///
    /// # Panics
    /// When there is none for a minute.
    pub async fn until_held(&self) {
        self.holds.until(|held, _| !held.is_empty()).await;
    }

    /// Waits until the calls that [`Effect::Hold`] holds, and the number of those that were let go and have not ended,
    /// are as wanted.
    ///
    /// # Panics
    /// When they are not for a minute. The message says which calls there are.
    pub async fn until_calls(&self, is_wanted: impl Fn(&[HeldCall], usize) -> bool) {
        self.holds.until(is_wanted).await;
    }

    /// Lets a held call go on, with another effect. Tells whether it was held.
    #[must_use]
    pub fn let_go(&self, id: u64, effect: Option<Effect>) -> bool {
        self.holds.let_go(id, effect)
    }

    /// Counts the read units since [`Effect::PartitionReads`] came into force.
    #[must_use]
    pub fn read_units(&self) -> f64 {
        self.reads.units()
    }

    /// Counts how often the rules in force have struck.
    #[must_use]
    pub fn struck(&self) -> u64 {
        lock(&self.rules).iter().map(|rule| rule.struck).sum()
    }

    /// Tells whether a rule throttles a route.
    pub(crate) fn strike_route(&self, route: &str) -> bool {
        self.strike_matching(|fault| {
            fault.effect == Effect::ThrottleRoute
                && fault.operation.as_deref().is_none_or(|wanted| wanted == route)
        })
    }

    /// Tells whether a rule leaves an event of a function without an instance.
    pub(crate) fn strike_invocation(&self, function: &str) -> bool {
        self.strike_matching(|fault| {
            fault.effect == Effect::NoInstance
                && fault.function.as_deref().is_none_or(|wanted| wanted == function)
        })
    }

    fn strike_matching(&self, applies: impl Fn(&Fault) -> bool) -> bool {
        let mut rules = lock(&self.rules);
        let mut struck = false;
        for rule in rules.iter_mut().filter(|rule| applies(&rule.fault)) {
            if rule.strikes(None) {
                rule.struck += 1;
                struck = true;
            }
        }
        struck
    }

    pub(super) fn strike(
        &self,
        service: Service,
        operation: &str,
        caller: Option<&Caller>,
        recipients: &[String],
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for rule in lock(&self.rules).iter_mut() {
            if rule.fault.applies_to(service, operation, caller, recipients) && rule.strikes(caller) {
                rule.struck += 1;
                effects.push(rule.fault.effect.clone());
            }
        }
        effects
    }
}

impl Rule {
    fn strikes(&mut self, caller: Option<&Caller>) -> bool {
        self.seen += 1;
        match self.fault.when {
            When::Always => true,
            When::Nth(nth) => self.seen == nth,
            When::First(count) => self.seen <= count,
            When::NthOfInstance(nth) => caller.is_some_and(|caller| {
                let seen = self.seen_of_instance.entry(caller.clone()).or_default();
                *seen += 1;
                *seen == nth
            }),
            When::Chance { share, .. } => self.random.random::<f64>() < share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: Fault, instances: &[u32]) -> Vec<bool> {
        let faults = Faults::default();
        faults.add(fault);
        let calls = instances.iter().map(|instance| {
            let caller = Caller { function: "manage-users".to_owned(), instance: *instance };
            !faults.strike(Service::DynamoDb, "PutItem", Some(&caller), &[]).is_empty()
        });
        calls.collect()
    }

    #[test]
    fn rules_strike_the_calls_they_count() {
        let fault = || Fault::on(Service::DynamoDb, Effect::Throttle);
        assert_eq!(strikes(fault().when(When::Nth(2)), &[1, 1, 1]), [false, true, false]);
        assert_eq!(strikes(fault().when(When::First(2)), &[1, 1, 1]), [true, true, false]);
        assert_eq!(strikes(fault().when(When::NthOfInstance(2)), &[1, 2, 1, 2]), [false, false, true, true]);
        assert_eq!(strikes(fault().operation("GetItem"), &[1]), [false]);
        assert_eq!(strikes(fault().function("manage-users"), &[1]), [true]);
        assert_eq!(strikes(Fault::on(Service::Ses, Effect::Throttle), &[1]), [false]);
        assert_eq!(strikes(Fault::anywhere(Effect::KillBefore), &[1]), [true]);
    }

    #[test]
    fn chance_is_repeatable_and_near_its_share() {
        let fault = || Fault::anywhere(Effect::LoseReply).when(When::Chance { share: 0.3, seed: 7 });
        let calls = vec![1; 2_000];
        let first = strikes(fault(), &calls);
        assert_eq!(first, strikes(fault(), &calls));
        let struck = first.iter().filter(|struck| **struck).count();
        assert!((500..700).contains(&struck), "{struck}");
    }
}

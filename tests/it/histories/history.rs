//! Plays one scenario step by step.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
};

use kit::{Item, World};
use serde_json::{Value, json};

use super::{
    fault::{FaultKind, InjectedFault},
    fixtures::{POLICIES, PersonIndex, made_by},
    model::{Key, Model, State},
    play::Totals,
    scenario::{Action, Pass, Scenario, Step},
    template::OrganizationCopy,
};

pub(super) const NOTIFIER: &str = "notify-expiring-keys";

/// At the end, this many runs without faults must send everything; each starts after the longest back-off.
const SETTLED_WITHIN: usize = 12;

/// Seconds: a minute more than the longest back-off of a mail.
const BACK_OFF: i64 = 6 * 3_600 + 60;

/// One scenario being played, with the model of it.
pub(super) struct History<'a> {
    seed: u64,
    pub(super) world: &'a World,
    /// The number of shards of the `due` index.
    shards: u32,
    pub(super) copy: OrganizationCopy,
    pub(super) model: Model,
    pub(super) totals: &'a mut Totals,
    pub(super) now: i64,
    last_run: i64,
    pub(super) number: usize,
    /// How many mails of this scenario were read.
    pub(super) read_mails: usize,
    /// Table keys of the mail records that were leased at the last reading, and of messages to former addresses.
    pub(super) leased: Vec<Value>,
    /// Sort keys of the inbox messages that were read.
    pub(super) read_messages: HashSet<String>,
    /// Users whose roles were changed.
    pub(super) has_other_roles: HashSet<PersonIndex>,
    /// People who have their second address.
    pub(super) has_other_address: HashSet<PersonIndex>,
    /// The error of the last run that failed, until `after_run` has checked it.
    failure: RefCell<Option<String>>,
}

impl<'a> History<'a> {
    pub(super) fn new(
        seed: u64,
        (world, shards): (&'a World, u32),
        scenario: &Scenario,
        copy: OrganizationCopy,
        totals: &'a mut Totals,
    ) -> Self {
        world.travel(0);
        world.stack.calls().clear();
        let keys = scenario.keys.iter().zip(&copy.keys).map(|(key, copy)| {
            let made_by = made_by(*key);
            let state = State::first(format!("k{key}"), copy.expires_at, copy.set_at, made_by.1);
            Key::new(copy.key_id.clone(), made_by, state)
        });
        let model = Model::new(POLICIES[scenario.policy].2, keys.collect());
        let now = world.stack.clock().now().as_second();
        Self {
            seed,
            world,
            shards,
            copy,
            model,
            totals,
            now,
            last_run: now,
            number: 0,
            read_mails: 0,
            leased: Vec::new(),
            read_messages: HashSet::new(),
            has_other_roles: HashSet::new(),
            has_other_address: HashSet::new(),
            failure: RefCell::default(),
        }
    }

    pub(super) async fn step(&mut self, step: &Step) -> Result<(), String> {
        self.begin();
        let wait = match step.pass {
            Pass::Seconds(seconds) => seconds,
            Pass::ToStage { key, seconds } => {
                let mut keys = self.model.keys.iter().cycle().skip(key).take(self.model.keys.len());
                let next = keys.find_map(|key| self.model.next_stage(key, self.now));
                next.map_or(0, |at| at + seconds - self.now)
            }
        };
        self.pass(wait);
        if step.leases_end {
            self.end_leases();
        }
        match &step.action {
            Action::Run(fault) => {
                self.arm(fault.as_ref());
                self.last_run = self.now;
                self.run(self.now).await;
                self.after_run(self.now, fault.as_ref()).await
            }
            Action::Again(fault) => {
                self.arm(fault.as_ref());
                self.run(self.last_run).await;
                self.after_run(self.last_run, fault.as_ref()).await
            }
            Action::Overlap(fault) => {
                self.arm(fault.as_ref());
                self.last_run = self.now;
                tokio::join!(self.run(self.now), self.run(self.now));
                self.after_run(self.now, fault.as_ref()).await
            }
            Action::Older { seconds, fault } => {
                self.arm(fault.as_ref());
                let at = self.last_run - seconds;
                self.run(at).await;
                self.after_run(at, fault.as_ref()).await
            }
            Action::Suspend(of) => {
                let suspended = !self.model.is_suspended(*of);
                self.suspend(*of, suspended).await
            }
            Action::Address(person) => self.change_address(*person).await,
            Action::Gain(days) => self.gain(*days).await,
            Action::Change(change) => {
                let answer = self.send(change).await;
                self.apply(change, &answer)?;
                self.read(self.now);
                Ok(())
            }
            Action::During { calls, change, fault } => {
                self.arm(fault.as_ref());
                self.last_run = self.now;
                let over = Cell::new(false);
                let run = async {
                    self.run(self.now).await;
                    over.set(true);
                };
                let changed = async {
                    let made = || self.world.stack.calls().by_function(NOTIFIER).len();
                    while !over.get() && made() < *calls {
                        tokio::task::yield_now().await;
                    }
                    let answer = self.send(change).await;
                    (answer, self.world.stack.calls().all().len())
                };
                let ((), (answer, answered)) = tokio::join!(run, changed);
                let before = self.model.keys[change.key].state().expires_at;
                self.apply(change, &answer)?;
                self.check_claims(change.key, before, answered)?;
                self.after_run(self.last_run, fault.as_ref()).await
            }
        }
    }

    pub(super) const fn begin(&mut self) {
        self.number += 1;
    }

    /// Moves the time of the events and of the API forward.
    pub(super) fn pass(&mut self, seconds: i64) {
        let clock = self.world.stack.clock();
        self.now += seconds.max(0);
        let machine = clock.now().as_second() - clock.offset_seconds();
        self.world.travel(self.now - machine);
    }

    /// Ends all leases. An item that went since it was read stays away.
    fn end_leases(&self) {
        for key in &self.leased {
            let update = json!({
                "TableName": "access-keys", "Key": key, "UpdateExpression": "SET lease_ends_at = :past",
                "ConditionExpression": "attribute_exists(PK)",
                "ExpressionAttributeValues": {":past": {"N": "0"}},
            });
            let database = self.world.stack.database().unwrap();
            match database.update_item(serde_json::from_value(update).unwrap()) {
                Ok(_) => {}
                Err(error) if error.to_string().contains("conditional") => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn arm(&self, fault: Option<&InjectedFault>) {
        self.world.stack.calls().clear();
        if let Some(struck) = fault {
            for fault in &struck.faults {
                self.world.stack.faults().add(fault.clone());
            }
        }
    }

    /// Runs the notice function, which may fail if a fault strikes.
    async fn run(&self, at: i64) {
        if let Err(error) = self.notify(at).await {
            self.failure.replace(Some(format!("{error:?}")));
        }
    }

    async fn notify(&self, at: i64) -> Result<Value, local::FunctionError> {
        let time = jiff::Timestamp::from_second(at).unwrap().to_string();
        let run = async |event: Value| self.world.stack.run_schedule(NOTIFIER, &event).await.unwrap();
        if self.shards == 1 || self.seed.is_multiple_of(2) {
            return run(json!({"time": time})).await;
        }
        // Two schedules, each with some of the shards.
        let of = |remainder| (0..self.shards).filter(|shard| shard % 2 == remainder).collect::<Vec<_>>();
        let [even, odd] = [0, 1].map(|remainder| json!({"time": time, "shards": of(remainder)}));
        let (even, odd) = tokio::join!(run(even), run(odd));
        let (mut sum, odd) = (even?, odd?);
        for (name, count) in sum.as_object_mut().unwrap() {
            *count = json!(count.as_u64().unwrap() + odd[name].as_u64().unwrap());
        }
        Ok(sum)
    }

    /// Reads what a run sent, and checks that only a fault left a sent mail unmarked.
    async fn after_run(&mut self, at: i64, fault: Option<&InjectedFault>) -> Result<(), String> {
        // What a killed run had begun takes effect before anything else happens.
        self.world.stack.calls().until_none_is_at_work().await;
        let struck = self.world.stack.faults().struck();
        self.world.stack.faults().clear();
        self.totals.runs += 1;
        let kind = fault.filter(|_| struck > 0).map(|fault| fault.kind);
        if let Some(kind) = kind {
            *self.totals.faults.entry(kind).or_default() += struck;
        }
        if let Some(failure) = self.failure.take().filter(|_| struck == 0) {
            return Err(format!("a run failed without a fault: {failure}"));
        }
        let unmarked = self.read(at);
        let allowed = match kind {
            Some(FaultKind::KilledBefore | FaultKind::KilledAfter) => u64::MAX,
            Some(FaultKind::MailReplyLost | FaultKind::TableOut) => struck,
            _ => 0,
        };
        if unmarked > allowed {
            return Err(format!(
                "{unmarked} mails were sent and not marked, where {fault:?} struck {struck} times"
            ));
        }
        Ok(())
    }

    /// Lifts all suspensions, and runs the notice function without faults until nothing is due.
    pub(super) async fn settle(&mut self) -> Result<(), String> {
        self.lift_all().await?;
        let mut summary = Value::Null;
        for _ in 0..SETTLED_WITHIN {
            self.begin();
            self.pass(BACK_OFF);
            self.end_leases();
            summary = self.notify(self.now).await.map_err(|error| format!("{error:?}"))?;
            self.after_run(self.now, None).await?;
            if ["due", "failed", "left_over", "beyond_share"].iter().all(|count| summary[count] == 0) {
                let is_left = |item: &Item| {
                    let place = item["SK"].as_str().unwrap();
                    place.starts_with("OUTBOX#") || place.starts_with("DUE#")
                };
                let mut left = self.world.items();
                left.retain(is_left);
                // What a run releases is for the next one.
                if self.leased.is_empty() && left.is_empty() {
                    return Ok(());
                }
            }
        }
        let mut left = self.world.items();
        left.retain(|item| item.contains_key("due_at"));
        Err(format!("something stays due: {summary}, {left:?}, leased: {:?}", self.leased))
    }
}

impl Drop for History<'_> {
    #[expect(clippy::print_stderr, reason = "a panic on the channel says neither seed nor step")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("HISTORY_SEED={} panicked at its step {}", self.seed, self.number);
        }
    }
}

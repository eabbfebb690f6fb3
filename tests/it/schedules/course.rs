use std::{cell::Cell, collections::HashSet};

use kit::World;
use serde_json::{Value, json};

use super::{
    cast::{POLICIES, Who, made_by},
    fault::{Kind, Struck},
    model::{Key, Model, State},
    original::Copied,
    play::Totals,
    schedule::{Action, Pass, Schedule, Step},
};

const NOTIFIER: &str = "notify-expiring-keys";

/// Runs, after all faults, within which everything must be told; each comes when all back-offs are over.
const SETTLED_WITHIN: usize = 12;

/// The longest back-off of a mail, and a bit, in seconds.
const BACK_OFF: i64 = 6 * 3_600 + 60;

/// A schedule while it is played.
pub(super) struct Course<'a> {
    seed: u64,
    pub(super) world: &'a World,
    pub(super) copied: Copied,
    pub(super) model: Model,
    pub(super) totals: &'a mut Totals,
    pub(super) now: i64,
    last_run: i64,
    pub(super) number: usize,
    /// Mails of this schedule that were read.
    pub(super) letters: usize,
    /// Places of the mails that are not marked, as they were read last.
    pub(super) open: Vec<Value>,
    /// Whether the last run was: what it had begun may have been done since.
    was_killed: bool,
    /// The messages in inboxes that were read.
    pub(super) read: HashSet<String>,
    /// Users whose roles were changed.
    pub(super) has_other_roles: HashSet<Who>,
}

impl<'a> Course<'a> {
    pub(super) fn new(
        seed: u64,
        world: &'a World,
        schedule: &Schedule,
        copied: Copied,
        totals: &'a mut Totals,
    ) -> Self {
        world.travel(0);
        world.stack.calls().clear();
        let keys = schedule.keys.iter().zip(&copied.keys).map(|(key, copy)| {
            let made_by = made_by(*key);
            let state = State::first(format!("k{key}"), copy.expires_at, copy.set_at, made_by.1);
            Key::new(copy.key_id.clone(), made_by, state)
        });
        let model = Model::new(POLICIES[schedule.policy].2, keys.collect());
        let now = world.stack.clock().now().as_second();
        Self {
            seed,
            world,
            copied,
            model,
            totals,
            now,
            last_run: now,
            number: 0,
            letters: 0,
            open: Vec::new(),
            was_killed: false,
            read: HashSet::new(),
            has_other_roles: HashSet::new(),
        }
    }

    pub(super) async fn step(&mut self, step: &Step) -> Result<(), String> {
        self.begin();
        let wait = match step.pass {
            Pass::Seconds(seconds) => seconds,
            Pass::ToStage { key, seconds } => {
                let mut keys = self.model.keys.iter().cycle().skip(key).take(self.model.keys.len());
                let next = keys.find_map(|key| key.next_stage(self.now));
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
                self.notify(self.now).await.ok();
                self.after_run(self.now, fault.as_ref())
            }
            Action::Again(fault) => {
                self.arm(fault.as_ref());
                self.notify(self.last_run).await.ok();
                self.after_run(self.last_run, fault.as_ref())
            }
            Action::Overlap(fault) => {
                self.arm(fault.as_ref());
                self.last_run = self.now;
                let _ = tokio::join!(self.notify(self.now), self.notify(self.now));
                self.after_run(self.now, fault.as_ref())
            }
            Action::Change(change) => {
                let answer = self.ask(change).await;
                self.note(change, &answer)?;
                self.read(self.now);
                Ok(())
            }
            Action::During { calls, change, fault } => {
                self.arm(fault.as_ref());
                self.last_run = self.now;
                let over = Cell::new(false);
                let run = async {
                    self.notify(self.now).await.ok();
                    over.set(true);
                };
                let asked = async {
                    let made = || self.world.stack.calls().by_function(NOTIFIER).len();
                    while !over.get() && made() < *calls {
                        tokio::task::yield_now().await;
                    }
                    let answer = self.ask(change).await;
                    (answer, self.world.stack.calls().all().len())
                };
                let ((), (answer, answered)) = tokio::join!(run, asked);
                let before = self.model.keys[change.key].state().expires_at;
                self.note(change, &answer)?;
                self.check_claims(change.key, before, answered)?;
                self.after_run(self.last_run, fault.as_ref())
            }
        }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.was_killed) {
            self.read(self.last_run);
        }
        self.number += 1;
    }

    /// Lets time pass, for the events and for the API.
    fn pass(&mut self, seconds: i64) {
        let clock = self.world.stack.clock();
        self.now += seconds.max(0);
        let machine = clock.now().as_second() - clock.offset_seconds();
        self.world.travel(self.now - machine);
    }

    /// Lets the leases of the mails that are not marked end, as time would.
    fn end_leases(&self) {
        for place in &self.open {
            let update = json!({
                "TableName": "access-keys", "Key": place, "UpdateExpression": "SET lease_ends_at = :past",
                "ExpressionAttributeValues": {":past": {"N": "0"}},
            });
            let database = self.world.stack.database().unwrap();
            database.update_item(serde_json::from_value(update).unwrap()).unwrap();
        }
    }

    fn arm(&self, fault: Option<&Struck>) {
        self.world.stack.calls().clear();
        if let Some(struck) = fault {
            self.world.stack.faults().add(struck.fault.clone());
        }
    }

    async fn notify(&self, at: i64) -> Result<Value, local::FunctionError> {
        let event = json!({"time": jiff::Timestamp::from_second(at).unwrap().to_string()});
        self.world.stack.run_schedule(NOTIFIER, &event).await.unwrap()
    }

    /// Takes note of what a run sent, of which only what a fault allows is not marked.
    fn after_run(&mut self, at: i64, fault: Option<&Struck>) -> Result<(), String> {
        let struck = self.world.stack.faults().struck();
        self.world.stack.faults().clear();
        self.totals.runs += 1;
        let kind = fault.filter(|_| struck > 0).map(|fault| fault.kind);
        if let Some(kind) = kind {
            *self.totals.struck.entry(kind).or_default() += struck;
        }
        let unmarked = self.read(at);
        self.was_killed = matches!(kind, Some(Kind::KilledBefore | Kind::KilledAfter));
        let allowed = match kind {
            _ if self.was_killed => u64::MAX,
            Some(Kind::MailReplyLost) => struck,
            _ => 0,
        };
        if unmarked > allowed {
            return Err(format!(
                "{unmarked} mails were sent and not marked, where {fault:?} struck {struck} times"
            ));
        }
        Ok(())
    }

    /// Runs without faults until nothing is due.
    pub(super) async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..SETTLED_WITHIN {
            self.begin();
            self.pass(BACK_OFF);
            self.end_leases();
            let summary = self.notify(self.now).await.map_err(|error| format!("{error:?}"))?;
            self.after_run(self.now, None)?;
            if ["due", "failed", "left_over"].iter().all(|count| summary[count] == 0) {
                return match &self.open[..] {
                    [] => Ok(()),
                    open => Err(format!("mails are left: {open:?}")),
                };
            }
        }
        Err("something stays due".to_owned())
    }
}

impl Drop for Course<'_> {
    #[expect(clippy::print_stderr, reason = "a panic on the way says neither seed nor step")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SCHEDULE_SEED={} panicked at its step {}", self.seed, self.number);
        }
    }
}

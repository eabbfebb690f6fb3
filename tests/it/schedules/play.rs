use std::{
    cell::Cell,
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use kit::{Answer, Call, Item, World};
use local::Quota;
use serde_json::{Value, json};

use super::{
    cast::{CAST, Copied, Original, POLICIES, Who, clear, client, made_by, seconds},
    letter::{letters, told_in_inbox},
    model::{Key, Model, State, Told, Way},
    schedule::{Action, Change, Kind, Pass, Schedule, Step, Struck, What},
};

const NOTIFIER: &str = "notify-expiring-keys";

/// Runs, after all faults, within which everything must be told; each comes when all back-offs are over.
const SETTLED_WITHIN: usize = 12;

/// The longest back-off of a mail, and a bit, in seconds.
const BACK_OFF: i64 = 6 * 3_600 + 60;

/// Failures that are shown.
const SHOWN: usize = 5;

/// Plays the schedules of some seeds, one after the other in one world.
///
/// `SCHEDULE_SEED=7` plays that one alone.
///
/// # Panics
/// When something does not hold: with the seed, the step and the schedule.
pub(super) fn play_all(seeds: Range<u64>) {
    let seeds = match chosen() {
        Some(seed) if seeds.contains(&seed) => seed..seed + 1,
        Some(_) => return,
        None => seeds,
    };
    kit::run(async |world| {
        world.stack.set_quota(Quota {
            max_24_hour_send: -1.0,
            max_send_rate: 10_000.0,
            sent_last_24_hours: 0.0,
        });
        let original = Original::make(world).await;
        let (mut totals, mut failures) = (Totals::default(), Vec::new());
        for seed in seeds.clone() {
            let schedule = Schedule::draw(seed);
            if let Err((step, wrong)) = play(world, &original, seed, &schedule, &mut totals).await {
                let step = step.map_or("at the end".to_owned(), |step| format!("at step {step}"));
                failures.push(format!(
                    "seed {seed}, {step}: {wrong}\nSCHEDULE_SEED={seed} plays it again:\n{schedule}"
                ));
            }
            clear(world).await;
        }
        println!("{totals:?}");
        let shown = failures[..failures.len().min(SHOWN)].join("\n");
        assert!(failures.is_empty(), "{} of {seeds:?} failed\n{shown}", failures.len());
        totals.check();
    });
}

#[expect(clippy::disallowed_methods, reason = "a person who looks into a failure chooses what is played")]
fn chosen() -> Option<u64> {
    std::env::var("SCHEDULE_SEED").ok()?.parse().ok()
}

/// What was played: a schedule in which nothing happens shows nothing.
#[derive(Debug, Default)]
struct Totals {
    schedules: usize,
    runs: usize,
    changes: usize,
    mails: usize,
    messages: usize,
    unmarked: usize,
    struck: BTreeMap<Kind, u64>,
}

impl Totals {
    fn check(&self) {
        if self.schedules > 100 {
            assert!(self.struck.len() >= 11, "{:?}", self.struck);
            assert!(self.mails > 5 * self.schedules && self.unmarked > self.schedules / 10, "{self:?}");
        }
    }
}

type Wrong = (Option<usize>, String);

async fn play(
    world: &World,
    original: &Original,
    seed: u64,
    schedule: &Schedule,
    totals: &mut Totals,
) -> Result<(), Wrong> {
    let copied = original.copy(world, seed, schedule.policy, &schedule.keys);
    let mut play = Play::new(world, schedule, copied, totals);
    for (position, step) in schedule.steps.iter().enumerate() {
        play.step(step).await.map_err(|wrong| (Some(position), wrong))?;
    }
    play.settle().await.map_err(|wrong| (None, wrong))?;
    play.model.check(play.now).map_err(|wrong| (None, wrong))?;
    let (mails, messages, unmarked) = play.model.count();
    totals.schedules += 1;
    totals.mails += mails;
    totals.messages += messages;
    totals.unmarked += unmarked;
    Ok(())
}

/// A schedule while it is played.
struct Play<'a> {
    world: &'a World,
    copied: Copied,
    model: Model,
    totals: &'a mut Totals,
    now: i64,
    last_run: i64,
    number: usize,
    /// Mails of this schedule that were read.
    letters: usize,
    /// Places of the mails that are not marked, as they were read last.
    open: Vec<Value>,
    /// Whether the last run was: what it had begun may have been done since.
    was_killed: bool,
    /// The messages in inboxes that were read.
    read: HashSet<String>,
    /// Users whose roles were changed.
    has_other_roles: HashSet<Who>,
}

impl<'a> Play<'a> {
    fn new(world: &'a World, schedule: &Schedule, copied: Copied, totals: &'a mut Totals) -> Self {
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

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        self.begin();
        let wait = match step.pass {
            Pass::Seconds(seconds) => seconds,
            Pass::ToStage { key, seconds } => {
                let keys = self.model.keys.iter().cycle().skip(key).take(self.model.keys.len());
                let next = keys.filter_map(|key| key.next_stage(self.now)).next();
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
                self.after_run(self.now, fault.as_ref()).await
            }
            Action::Again(fault) => {
                self.arm(fault.as_ref());
                self.notify(self.last_run).await.ok();
                self.after_run(self.last_run, fault.as_ref()).await
            }
            Action::Overlap(fault) => {
                self.arm(fault.as_ref());
                self.last_run = self.now;
                let _ = tokio::join!(self.notify(self.now), self.notify(self.now));
                self.after_run(self.now, fault.as_ref()).await
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
                self.after_run(self.last_run, fault.as_ref()).await
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
    async fn after_run(&mut self, at: i64, fault: Option<&Struck>) -> Result<(), String> {
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

    /// Checks that no expiry was claimed once a change had been answered by which it was over.
    fn check_claims(&self, key: usize, before: Option<i64>, answered: usize) -> Result<(), String> {
        let key = &self.model.keys[key];
        let Some(before) = before.filter(|before| key.state().expires_at != Some(*before)) else {
            return Ok(());
        };
        let claim = format!("NOTICE#{}#{before}#", key.key_id);
        let is_claim = |call: &&Call| {
            call.operation == "TransactWriteItems"
                && call.status.is_some_and(|status| status.is_success())
                && String::from_utf8_lossy(&call.request).contains(&claim)
        };
        match self.world.stack.calls().all()[answered..].iter().find(is_claim) {
            Some(call) => Err(format!("an expiry was claimed that was over: {call:?}, of {key:?}")),
            None => Ok(()),
        }
    }

    /// Takes note of what has been told, and returns how many mails were not marked.
    fn read(&mut self, at: i64) -> u64 {
        let (number, items) = (self.number, self.world.items());
        let open: Vec<_> = items.iter().filter(|item| is_open(item)).collect();
        self.open =
            open.iter().map(|mail| json!({"PK": {"S": mail["PK"]}, "SK": {"S": mail["SK"]}})).collect();
        let mut open: Vec<_> = open.iter().map(|mail| mail["mail_id"].as_str().unwrap()).collect();
        let mut unmarked = 0;
        for letter in letters(self.world, self.letters) {
            self.letters += 1;
            let left = open.iter().position(|mail_id| *mail_id == letter.mail_id);
            let marked = left.map(|position| open.swap_remove(position)).is_none();
            unmarked += u64::from(!marked);
            let to = (Way::Mail, letter.to);
            self.model.told(Told { number, at, to, keys: letter.keys, titles: letter.titles }, marked);
        }
        for message in items.iter().filter(|item| item["SK"].as_str().unwrap().starts_with("INBOX#")) {
            if self.read.insert(message["SK"].to_string()) {
                let to = self.copied.user_ids.iter().position(|id| message["PK"] == format!("USER#{id}"));
                let (key, title) = (told_in_inbox(message), message["title"].as_str().unwrap().to_owned());
                let titles = if key.is_some() { Vec::new() } else { vec![title] };
                let (at, to) = (message["at"].as_i64().unwrap(), (Way::Inbox, to.unwrap()));
                self.model.told(Told { number, at, to, keys: Vec::from_iter(key), titles }, true);
            }
        }
        unmarked
    }

    async fn ask(&self, change: &Change) -> Answer {
        let key = &self.model.keys[change.key];
        let path = format!("{}/access-keys/{}", self.copied.path, key.key_id);
        let client = client(self.world, change.by);
        let name = format!("k{}n{}", change.key, self.number);
        match change.what {
            What::Expiry(seconds) => {
                let at = jiff::Timestamp::from_second(self.now + seconds).unwrap().to_string();
                client.patch(&path, json!({"expires_at": at, "name": name})).await
            }
            What::Name => client.patch(&path, json!({"name": name})).await,
            What::Off => client.patch(&path, json!({"active": false})).await,
            What::Rotate => client.post(&format!("{path}/rotate"), json!({})).await,
            What::Revoke => client.post(&format!("{path}/revoke"), Value::Null).await,
            What::Delete => client.delete(&path).await,
            What::Role => {
                let path = format!("{}/users/{}", self.copied.path, self.copied.user_ids[key.user]);
                client.patch(&path, json!({"roles": ["other", "keys"]})).await
            }
        }
    }

    /// Takes note of a change that was answered.
    fn note(&mut self, change: &Change, answer: &Answer) -> Result<(), String> {
        self.now = self.now.max(self.world.stack.clock().now().as_second());
        let key = &self.model.keys[change.key];
        let (user, mut state) = (key.user, key.state().clone());
        let version = answer.body["version"].as_u64().unwrap_or(0);
        match answer.status {
            200 | 204 => {}
            400..=499 => return Ok(()),
            status => return Err(format!("{change:?} was answered {status}: {}", answer.body)),
        }
        self.totals.changes += 1;
        let verb = match change.what {
            What::Expiry(_) | What::Name | What::Off => "changed",
            What::Rotate => "made a new secret for",
            What::Revoke => "revoked",
            What::Delete => "deleted",
            What::Role => {
                if self.has_other_roles.insert(user) && change.by != user {
                    let title = format!("{} changed your roles or groups", CAST[change.by].name);
                    self.model.news(self.number, user, &title);
                }
                return Ok(());
            }
        };
        let (by, number) = (change.by, self.number);
        if matches!(change.what, What::Delete) {
            state.expires_at = None;
        } else if version == state.version {
            return Ok(());
        } else {
            answer.body["name"].as_str().unwrap().clone_into(&mut state.name);
            state.version = version;
            state.modifier = by;
            let expires_at = seconds(&answer.body["expires_at"]);
            if state.expires_at != expires_at {
                state.set_at = seconds(&answer.body["updated_at"]).unwrap();
            }
            state.expires_at = expires_at.filter(|_| answer.body["status"] != "revoked");
        }
        if by != user {
            let title = format!("{} {verb} your access key {}", CAST[by].name, state.name);
            self.model.news(number, user, &title);
        }
        self.model.changed(number, change.key, state);
        Ok(())
    }

    /// Runs without faults until nothing is due.
    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..SETTLED_WITHIN {
            self.begin();
            self.pass(BACK_OFF);
            self.end_leases();
            let summary = self.notify(self.now).await.map_err(|error| format!("{error:?}"))?;
            self.after_run(self.now, None).await?;
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

fn is_open(item: &Item) -> bool {
    item["SK"].as_str().is_some_and(|place| place.starts_with("MAIL#")) && item["status"] == "leased"
}

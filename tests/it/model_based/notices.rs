//! The mails that a run of the notice function must send, and the events that it must write.

use std::collections::{BTreeMap, BTreeSet};

use kit::{DAY, Effect, Fault, Service, When};
use serde_json::json;

use super::{
    model::{Key, Kind, Policy, Standing, Time, User},
    run::ModelRun,
};

const STAGES: [i64; 4] = [0, 2, 7, 30];

/// How long after an expiry its notice is made up for, seconds.
const MADE_UP_FOR: Time = 89 * DAY;

/// The ids of the keys in the mail to each address.
pub(crate) type Mails = BTreeMap<String, BTreeSet<String>>;

impl Key {
    /// Returns the stages that were ahead when the expiry was set, with their times.
    fn stages(&self) -> Vec<(i64, Time)> {
        let Some(expires_at) = self.expires_at.filter(|_| self.revoked_at.is_none()) else { return vec![] };
        let at = STAGES.iter().map(|stage| (*stage, expires_at - stage * DAY));
        at.filter(|(_, at)| *at > self.expiry_set_at).collect()
    }

    /// Returns when the next notice after a time is due.
    pub(crate) fn next_due(&self, after: Time) -> Option<Time> {
        self.stages().into_iter().map(|(_, at)| at).filter(|at| *at > after).min()
    }
}

impl User {
    /// Tells whether this user hears of a key of `user`, besides that user.
    fn hears_of(&self, user: &User, key: &Key, policy: &Policy) -> bool {
        let owner = self.kind == Kind::Owner
            && (user.kind == Kind::Machine || policy.flexible || user.email.is_none());
        let did = policy.flexible && [&key.created_by, &key.updated_by].contains(&&self.id);
        self.standing == Standing::Active && (owner || did)
    }
}

/// Makes the keys due again whose notices a suspension held back that was lifted.
fn rearm(users: &mut [User], policy: &Policy, now: Time) {
    let is_due =
        |user: &&mut User| user.standing == Standing::Active && user.rearmed_at.is_some_and(|at| at <= now);
    let due: Vec<_> = users.iter_mut().filter(is_due).collect();
    let lifted: Vec<_> = due.into_iter().map(|user| (user.rearmed_at.take(), user.id.clone()).1).collect();
    let everybody: Vec<User> = users.to_vec();
    for user in users.iter_mut().filter(|user| user.standing == Standing::Active) {
        let holder = user.clone();
        for key in &mut user.keys {
            let is_recent = key.expires_at.is_some_and(|expires_at| expires_at >= now - MADE_UP_FOR);
            let has_stage = key.stages().into_iter().any(|(_, at)| at <= now);
            let hears = |other: &User| other.id == holder.id || other.hears_of(&holder, key, policy);
            let is_concerned = everybody.iter().any(|other| lifted.contains(&other.id) && hears(other));
            if is_recent && has_stage && is_concerned {
                key.due = Some(now);
            }
        }
    }
}

/// Updates the model as a run of the notice function does, and returns its mails and the actions and keys of its events.
pub(crate) fn run(users: &mut [User], policy: &Policy, now: Time) -> (Mails, Vec<(&'static str, String)>) {
    rearm(users, policy, now);
    let everybody: Vec<User> = users.to_vec();
    let (mut mails, mut events) = (Mails::new(), vec![]);
    for user in users {
        let is_active = user.standing == Standing::Active;
        let holder = user.clone();
        for key in &mut user.keys {
            if key.due.is_none_or(|due| due > now) {
                continue;
            }
            key.due = key.next_due(now);
            let stage = key.stages().into_iter().filter(|(_, at)| *at <= now).map(|(stage, _)| stage).min();
            let (Some(stage), Some(expires_at)) = (stage, key.expires_at) else { continue };
            let recorded = key.events.entry(expires_at).or_insert(i64::MAX);
            if holder.standing != Standing::Deleted && stage < *recorded {
                *recorded = stage;
                let action = if stage == 0 { "access_key.expired" } else { "access_key.expiring" };
                events.push((action, key.id.clone()));
            }
            if !is_active {
                continue;
            }
            let mut addresses: BTreeSet<String> = holder.email.iter().cloned().collect();
            let others = everybody.iter().filter(|other| other.hears_of(&holder, key, policy));
            addresses.extend(others.filter_map(|other| other.email.clone()));
            for address in addresses {
                let announced = key.announced.entry((expires_at, address.clone())).or_insert(i64::MAX);
                if stage < *announced {
                    *announced = stage;
                    mails.entry(address).or_default().insert(key.id.clone());
                }
            }
        }
    }
    (mails, events)
}

impl ModelRun<'_> {
    /// Runs the notice function; after a run with faults, a second run finishes its work.
    pub(crate) async fn run_notices(&mut self) {
        let disturbed = self.random.one_in(4);
        if disturbed && self.random.one_in(3) {
            self.disturb_mails();
        } else if disturbed {
            self.disturb("notify-expiring-keys");
        }
        let mut expected = self.run_once().await;
        if disturbed {
            self.world.stack.faults().clear();
            self.world.end_leases();
            self.travel_to(self.now() + 3_600);
            let first = self.events.len();
            for (address, keys) in self.run_once().await {
                expected.entry(address).or_default().extend(keys);
            }
            let (first, second) = self.events.split_at(first);
            let has_narrower = |event: &&[String; 3]| second.iter().any(|[.., key]| *key == event[2]);
            self.superseded = first.iter().filter(has_narrower).cloned().collect();
        }
        let mut told = Mails::new();
        for mail in self.world.stack.emails().into_iter().skip(self.seen_mails) {
            self.seen_mails += 1;
            let [address] = &mail.to[..] else { panic!("a mail to {:?}", mail.to) };
            let before = told.get(address).cloned();
            assert!(disturbed || before.is_none(), "two mails to {address}");
            // Reports of changes by others name keys in another form.
            let keys = mail.text.split("\n  Key: ak_").skip(1);
            let keys = keys.map(|rest| rest.chars().take(20).collect::<String>());
            told.entry(address.clone()).or_default().extend(keys);
        }
        told.retain(|_, keys| !keys.is_empty());
        assert_eq!(told, expected);
    }

    /// Adds a fault to the next mails, or kills the instance that sends one.
    fn disturb_mails(&mut self) {
        let effect = self.random.pick(&[
            Effect::LoseReply,
            Effect::LoseRequest,
            Effect::Throttle,
            Effect::ServerError,
            Effect::KillBefore,
            Effect::KillAfter,
        ]);
        let kills = matches!(effect, Effect::KillBefore | Effect::KillAfter);
        let count = if kills { 1 } else { self.random.pick(&[1, 2, 40]) };
        let fault = Fault::on(Service::Ses, effect).operation("SendRawEmail").when(When::First(count));
        self.world.stack.faults().add(fault);
    }

    async fn run_once(&mut self) -> Mails {
        let now = self.now();
        let (mails, events) = run(&mut self.state.users, &self.state.policy, now);
        for (action, key_id) in events {
            self.note(action, "other", &key_id);
        }
        let text = domain::Time::from_seconds(now).to_string();
        let event = json!({"time": text});
        let run = self.world.stack.run_schedule("notify-expiring-keys", &event).await.unwrap();
        assert!(run.is_ok() || self.world.stack.faults().struck() > 0, "{run:?}");
        mails
    }

    /// Expects no event of a stage that a disturbed run could not record before a narrower one was due.
    pub(crate) fn drop_superseded(&mut self, left: &[[String; 3]]) {
        for event in self.superseded.drain(..) {
            let count = |events: &[[String; 3]]| events.iter().filter(|other| **other == event).count();
            if count(&self.events) > count(left) {
                let position = self.events.iter().position(|other| *other == event).expect("it is expected");
                self.events.remove(position);
            }
        }
    }
}

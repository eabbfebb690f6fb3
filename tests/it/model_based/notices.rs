//! The mails that a run of the notice function must send, and the events that it must write.

use std::collections::{BTreeMap, BTreeSet};

use kit::DAY;

use super::model::{Key, Kind, Policy, Standing, Time, User};

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

//! The mails that a run of the notice function must send.

use std::collections::{BTreeMap, BTreeSet};

use kit::DAY;

use super::model::{Key, Kind, Policy, Standing, Time, User};

const STAGES: [i64; 4] = [0, 2, 7, 30];

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

/// Updates the model as a run of the notice function does, and returns its mails.
pub(crate) fn run(users: &mut [User], policy: &Policy, now: Time) -> Mails {
    let everybody: Vec<User> = users.to_vec();
    let mut mails = Mails::new();
    for user in users {
        let is_active = user.standing == Standing::Active;
        let machine = user.kind == Kind::Machine;
        let email = user.email.clone();
        for key in &mut user.keys {
            if key.due.is_none_or(|due| due > now) {
                continue;
            }
            key.due = key.next_due(now);
            let stage = key.stages().into_iter().filter(|(_, at)| *at <= now).map(|(stage, _)| stage).min();
            let (Some(stage), Some(expires_at), true) = (stage, key.expires_at, is_active) else { continue };
            let mut addresses: BTreeSet<String> = email.iter().cloned().collect();
            for other in everybody.iter().filter(|other| other.standing == Standing::Active) {
                let owner = other.kind == Kind::Owner && (machine || policy.flexible || email.is_none());
                let did = policy.flexible && [&key.created_by, &key.updated_by].contains(&&other.id);
                addresses.extend(other.email.iter().filter(|_| owner || did).cloned());
            }
            for address in addresses {
                let announced = key.announced.entry((expires_at, address.clone())).or_insert(i64::MAX);
                if stage < *announced {
                    *announced = stage;
                    mails.entry(address).or_default().insert(key.id.clone());
                }
            }
        }
    }
    mails
}

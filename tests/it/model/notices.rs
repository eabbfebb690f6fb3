//! Whom a run of the notices tells of what.

use std::collections::{BTreeMap, BTreeSet};

use kit::DAY;

use super::plain::{Key, Kind, Policy, Standing, Time, User};

const STAGES: [i64; 4] = [0, 2, 7, 30];

/// The ids of the keys that each address is told of, in one mail.
pub(crate) type Mails = BTreeMap<String, BTreeSet<String>>;

impl Key {
    /// The stages that were not passed when the expiry was set, with their times.
    fn stages(&self) -> Vec<(i64, Time)> {
        let Some(expires_at) = self.expires_at.filter(|_| !self.revoked) else { return vec![] };
        let at = STAGES.iter().map(|stage| (*stage, expires_at - stage * DAY));
        at.filter(|(_, at)| *at > self.expiry_set_at).collect()
    }

    /// When somebody is next to be told, after a time.
    pub(crate) fn next_due(&self, after: Time) -> Option<Time> {
        self.stages().into_iter().map(|(_, at)| at).filter(|at| *at > after).min()
    }
}

/// Runs the notices: notes what is told, and returns the mails.
pub(crate) fn run(users: &mut [User], policy: &Policy, now: Time) -> Mails {
    let everybody: Vec<User> = users.to_vec();
    let mut mails = Mails::new();
    for user in users {
        let announced = user.standing == Standing::Active;
        let machine = user.kind == Kind::Machine;
        let email = user.email.clone();
        for key in &mut user.keys {
            if key.due.is_none_or(|due| due > now) {
                continue;
            }
            key.due = key.next_due(now);
            let stage = key.stages().into_iter().filter(|(_, at)| *at <= now).map(|(stage, _)| stage).min();
            let (Some(stage), Some(expires_at), true) = (stage, key.expires_at, announced) else { continue };
            let mut addresses: BTreeSet<String> = email.iter().cloned().collect();
            for other in everybody.iter().filter(|other| other.standing == Standing::Active) {
                let owner = other.kind == Kind::Owner && (machine || policy.flexible || email.is_none());
                let did = policy.flexible && [&key.created_by, &key.updated_by].contains(&&other.id);
                addresses.extend(other.email.iter().filter(|_| owner || did).cloned());
            }
            for address in addresses {
                let told = key.told.entry((expires_at, address.clone())).or_insert(i64::MAX);
                if stage < *told {
                    *told = stage;
                    mails.entry(address).or_default().insert(key.id.clone());
                }
            }
        }
    }
    mails
}

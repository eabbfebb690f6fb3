//! Draws what one seed plays: an organization with some keys, and the steps of its history.

use std::fmt;

use kit::{DAY, Random};

use super::{
    fault::{InjectedFault, fault},
    fixtures::{ALICE, KEYS, NICK, PEOPLE, POLICIES, PersonIndex, made_by},
};

const HOUR: i64 = 3_600;

/// An organization with some keys, and the steps of its history.
#[derive(Debug)]
pub(super) struct Scenario {
    /// Position among the policies.
    pub(super) policy: usize,
    /// Positions among the keys of the template, in order, none twice.
    pub(super) keys: Vec<usize>,
    pub(super) steps: Vec<Step>,
}

/// Time passes, then an action follows.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) pass: Pass,
    /// Whether the leases of earlier runs end as well.
    pub(super) leases_end: bool,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Pass {
    Seconds(i64),
    /// Until so many seconds after the next stage of this key; of the next key with a stage, if this has none.
    ToStage {
        key: usize,
        seconds: i64,
    },
}

#[derive(Debug)]
pub(super) enum Action {
    Run(Option<InjectedFault>),
    /// Delivers the event of the last run again.
    Again(Option<InjectedFault>),
    /// Starts two runs at once.
    Overlap(Option<InjectedFault>),
    /// Delivers an event that is so many seconds older than that of the last run.
    Older {
        seconds: i64,
        fault: Option<InjectedFault>,
    },
    /// Suspends a person or the organization (`None`), or lifts the suspension.
    Suspend(Option<PersonIndex>),
    /// Changes somebody's address, and proves a person's.
    Address(PersonIndex),
    /// Lets the policy gain a stage of so many days.
    Gain(i64),
    Change(Change),
    /// Sends a change after so many AWS calls of a run.
    During {
        calls: usize,
        change: Change,
        fault: Option<InjectedFault>,
    },
}

/// A request that changes a key or its user.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) by: PersonIndex,
    /// Position among the scenario's keys.
    pub(super) key: usize,
    pub(super) kind: ChangeKind,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum ChangeKind {
    /// Moves the expiry to so many seconds from now.
    Expiry(i64),
    Name,
    Off,
    Rotate,
    Revoke,
    Delete,
    /// Gives the key's user another role.
    Role,
}

impl Scenario {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let policy = random.below(POLICIES.len());
        let mut keys: Vec<usize> =
            (0..=random.below(4).min(random.below(5))).map(|_| random.below(KEYS)).collect();
        keys.sort_unstable();
        keys.dedup();
        let steps = (0..4 + random.below(7).min(random.below(9))).map(|_| step(&mut random, &keys)).collect();
        Self { policy, keys, steps }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        writeln!(formatter, "policy {}, keys {:?}", self.policy, self.keys)?;
        self.steps
            .iter()
            .enumerate()
            .try_for_each(|(position, step)| writeln!(formatter, "{position}: {step:?}"))
    }
}

fn step(random: &mut Random, keys: &[usize]) -> Step {
    let pass = match random.below(20) {
        0 => Pass::Seconds(0),
        1 | 2 => Pass::Seconds(300),
        3 => Pass::Seconds(random.between(1, 24 * HOUR)),
        4..=6 => Pass::Seconds(random.between(DAY, 10 * DAY)),
        7 | 8 => Pass::Seconds(random.between(10 * DAY, 40 * DAY)),
        _ => {
            let seconds = random.pick(&[-1, 0, 0, 0, 1, 60, HOUR, 20 * HOUR]);
            Pass::ToStage { key: random.below(keys.len()), seconds }
        }
    };
    let action = match random.below(27) {
        20..=22 => Action::Suspend(random.pick(&[None, Some(1), Some(NICK), Some(3), Some(4), Some(5)])),
        23 => Action::Address(random.pick(&[1, NICK, 3, 4])),
        24 => Action::Gain(random.pick(&[60, 14, 1])),
        25 | 26 => {
            let seconds = random.pick(&[300, HOUR, DAY, 6 * DAY, 24 * DAY]);
            Action::Older { seconds, fault: fault(random, 40) }
        }
        0..=8 => Action::Run(fault(random, 75)),
        9 | 10 => Action::Again(fault(random, 50)),
        11..=13 => Action::Overlap(fault(random, 60)),
        14..=16 => Action::Change(change(random, keys)),
        _ => {
            Action::During { calls: random.below(16), change: change(random, keys), fault: fault(random, 30) }
        }
    };
    Step { pass, leases_end: random.percent(85), action }
}

fn change(random: &mut Random, keys: &[usize]) -> Change {
    let key = random.below(keys.len());
    let (user, creator) = made_by(keys[key]);
    let kind = match random.below(24) {
        0..=6 => ChangeKind::Expiry(random.between(2 * DAY, 50 * DAY)),
        7..=10 => ChangeKind::Expiry(random.between(50 * DAY, 300 * DAY)),
        11 => ChangeKind::Expiry(random.between(HOUR, DAY)),
        12..=14 => ChangeKind::Name,
        15 | 16 => ChangeKind::Off,
        17 => ChangeKind::Rotate,
        18..=20 => ChangeKind::Revoke,
        21 => ChangeKind::Role,
        _ => ChangeKind::Delete,
    };
    let itself = if PEOPLE[user].kind == "machine" { creator } else { user };
    Change { by: random.pick(&[ALICE, ALICE, NICK, itself, itself]), key, kind }
}

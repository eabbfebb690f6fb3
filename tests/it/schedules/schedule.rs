use std::fmt;

use kit::DAY;

use super::{
    cast::{ALICE, CAST, KEYS, NICK, POLICIES, Who, made_by},
    draw::Draw,
    fault::{Struck, fault},
};

const HOUR: i64 = 3_600;

/// What one seed draws: an organization with some keys, and what befalls them.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Position among the policies.
    pub(super) policy: usize,
    /// Positions among the keys that everybody has, in order: none twice.
    pub(super) keys: Vec<usize>,
    pub(super) steps: Vec<Step>,
}

/// Time passes, then something is done.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) pass: Pass,
    /// Whether so much time passes by the clock, too, that the leases of earlier runs are over.
    pub(super) leases_end: bool,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Pass {
    Seconds(i64),
    /// Until so many seconds after the next stage is due of this key, or of one after it that has one.
    ToStage {
        key: usize,
        seconds: i64,
    },
}

#[derive(Debug)]
pub(super) enum Action {
    Run(Option<Struck>),
    /// The event of the last run comes again.
    Again(Option<Struck>),
    /// Two runs at once.
    Overlap(Option<Struck>),
    Change(Change),
    /// A change that begins after so many calls of a run.
    During {
        calls: usize,
        change: Change,
        fault: Option<Struck>,
    },
}

/// Something that somebody asks of the API.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) by: Who,
    /// Position among the schedule's keys.
    pub(super) key: usize,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
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

impl Schedule {
    pub(super) fn draw(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let policy = draw.below(POLICIES.len());
        let mut keys: Vec<usize> = (0..=draw.below(4).min(draw.below(5))).map(|_| draw.below(KEYS)).collect();
        keys.sort_unstable();
        keys.dedup();
        let steps = (0..4 + draw.below(7).min(draw.below(9))).map(|_| step(&mut draw, &keys)).collect();
        Self { policy, keys, steps }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        writeln!(formatter, "policy {}, keys {:?}", self.policy, self.keys)?;
        self.steps
            .iter()
            .enumerate()
            .try_for_each(|(position, step)| writeln!(formatter, "{position}: {step:?}"))
    }
}

fn step(draw: &mut Draw, keys: &[usize]) -> Step {
    let pass = match draw.below(20) {
        0 => Pass::Seconds(0),
        1 | 2 => Pass::Seconds(300),
        3 => Pass::Seconds(draw.between(1, 24 * HOUR)),
        4..=6 => Pass::Seconds(draw.between(DAY, 10 * DAY)),
        7 | 8 => Pass::Seconds(draw.between(10 * DAY, 40 * DAY)),
        _ => {
            let seconds = draw.pick(&[-1, 0, 0, 0, 1, 60, HOUR, 20 * HOUR]);
            Pass::ToStage { key: draw.below(keys.len()), seconds }
        }
    };
    let action = match draw.below(20) {
        0..=8 => Action::Run(fault(draw, 75)),
        9 | 10 => Action::Again(fault(draw, 50)),
        11..=13 => Action::Overlap(fault(draw, 60)),
        14..=16 => Action::Change(change(draw, keys)),
        _ => Action::During { calls: draw.below(16), change: change(draw, keys), fault: fault(draw, 30) },
    };
    Step { pass, leases_end: draw.percent(85), action }
}

fn change(draw: &mut Draw, keys: &[usize]) -> Change {
    let key = draw.below(keys.len());
    let (user, creator) = made_by(keys[key]);
    let what = match draw.below(24) {
        0..=6 => What::Expiry(draw.between(2 * DAY, 50 * DAY)),
        7..=10 => What::Expiry(draw.between(50 * DAY, 300 * DAY)),
        11 => What::Expiry(draw.between(HOUR, DAY)),
        12..=14 => What::Name,
        15 | 16 => What::Off,
        17 => What::Rotate,
        18..=20 => What::Revoke,
        21 => What::Role,
        _ => What::Delete,
    };
    let itself = if CAST[user].kind == "machine" { creator } else { user };
    Change { by: draw.pick(&[ALICE, ALICE, NICK, itself, itself]), key, what }
}

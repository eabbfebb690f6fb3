use std::fmt;

use kit::{DAY, Effect, Fault, Service, When};

use super::cast::{ALICE, CAST, KEYS, NICK, POLICIES, Who, made_by};

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

/// A fault of the notice function's calls.
#[derive(Debug, Clone)]
pub(super) struct Struck {
    pub(super) fault: Fault,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    KilledBefore,
    KilledAfter,
    MailReplyLost,
    MailThrottled,
    MailFailed,
    MailRejected,
    QuotaFailed,
    TableReplyLost,
    TableThrottled,
    TableFailed,
    TransactionConflicted,
    ReadUnprocessed,
}

impl Schedule {
    pub(super) fn draw(seed: u64) -> Self {
        let mut draw = Draw(seed);
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

/// Draws a fault, with a chance in percent.
///
/// Faults that strike a call again and again end every attempt at it. Such a fault never lets a mail be
/// sent and not marked: where it is about transactions, the claims before the mail fail as well.
fn fault(draw: &mut Draw, percent: u64) -> Option<Struck> {
    if !draw.percent(percent) {
        return None;
    }
    let table = |effect| Fault::on(Service::DynamoDb, effect);
    let mail = |effect| Fault::on(Service::Ses, effect).operation("SendRawEmail");
    let (kind, fault) = match draw.below(100) {
        0..=19 => (Kind::KilledBefore, killed(draw, Effect::KillBefore)),
        20..=44 => (Kind::KilledAfter, killed(draw, Effect::KillAfter)),
        45..=56 => (Kind::MailReplyLost, mail(Effect::LoseReply).when(some(draw, 2))),
        57..=62 => (Kind::MailFailed, mail(Effect::ServerError).when(some(draw, 2))),
        63..=67 => {
            let person = draw.pick(&["alice", "olga", "nick", "pia", "mona"]);
            let address = format!("{person}@example.com");
            (Kind::MailRejected, mail(Effect::RejectMessage).recipient(&address))
        }
        // Waited out in earnest.
        68 => (Kind::MailThrottled, mail(Effect::Throttle).when(When::Nth(1))),
        69 | 70 => {
            let fault = Fault::on(Service::Ses, Effect::ServerError).operation("GetSendQuota");
            (Kind::QuotaFailed, fault.when(some(draw, 2)))
        }
        71..=80 => (Kind::TableReplyLost, table(Effect::LoseReply).when(some(draw, 9))),
        81..=85 => {
            let position = draw.below(4);
            let fault = table(Effect::TransactionConflict { position }).operation("TransactWriteItems");
            (Kind::TransactionConflicted, fault.when(some(draw, 4)))
        }
        86..=88 => {
            let fault = table(Effect::Unprocessed { count: 1 + draw.below(3) }).operation("BatchGetItem");
            (Kind::ReadUnprocessed, fault.when(some(draw, 3)))
        }
        more => {
            let effect = draw.pick(&[Effect::Throttle, Effect::ServerError]);
            let kind = if effect == Effect::Throttle { Kind::TableThrottled } else { Kind::TableFailed };
            let fault = table(effect);
            let fault = match more {
                89..=96 => fault.when(some(draw, 9)),
                97 => fault.operation("Query"),
                98 => fault.operation("BatchGetItem").when(some(draw, 3)),
                _ => fault.operation("TransactWriteItems"),
            };
            (kind, fault)
        }
    };
    Some(Struck { fault: fault.function("notify-expiring-keys"), kind })
}

fn killed(draw: &mut Draw, effect: Effect) -> Fault {
    match draw.below(4) {
        0 => Fault::on(Service::Ses, effect).operation("SendRawEmail").when(some(draw, 2)),
        1 => Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems").when(some(draw, 5)),
        _ => Fault::anywhere(effect).when(some(draw, 12)),
    }
}

/// One of the first calls.
fn some(draw: &mut Draw, most: usize) -> When {
    When::Nth(u64::try_from(1 + draw.below(most)).unwrap())
}

/// The numbers of a seed, by `SplitMix64`.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count).unwrap()).unwrap()
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        least + i64::try_from(self.next() % most.abs_diff(least)).unwrap()
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

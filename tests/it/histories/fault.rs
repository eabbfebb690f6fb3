//! Draws the faults of the notice function's calls.

use kit::{Effect, Fault, Random, Service, When};

use super::history::NOTIFIER;

/// A fault of the notice function's calls, with its kind for the totals.
#[derive(Debug, Clone)]
pub(super) struct InjectedFault {
    pub(super) faults: Vec<Fault>,
    pub(super) kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FaultKind {
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
    /// Some calls in a row fail, all attempts of a mark for instance.
    TableOut,
    SesOut,
    TransactionConflicted,
    ReadUnprocessed,
}

/// Calls that fail in a row: all attempts of one.
const CALLS_IN_A_ROW: usize = 4;

/// Draws a fault, with a chance in percent.
///
/// Faults that strike a call again and again end every attempt at it. Such a fault never lets a mail be
/// sent and not marked: where it is about transactions, the claims before the mail fail as well.
pub(super) fn fault(random: &mut Random, percent: u64) -> Option<InjectedFault> {
    if !random.percent(percent) {
        return None;
    }
    let table = |effect| Fault::on(Service::DynamoDb, effect);
    let mail = |effect| Fault::on(Service::Ses, effect).operation("SendRawEmail");
    let (kind, fault) = match random.below(110) {
        100..=103 => (FaultKind::SesOut, mail(Effect::ServerError)),
        104..=109 => {
            let first = 1 + random.below(18);
            let nth = |call: usize| When::Nth(u64::try_from(call).unwrap());
            let out = |call| table(Effect::ServerError).function(NOTIFIER).when(nth(call));
            let faults = (first..first + CALLS_IN_A_ROW).map(out).collect();
            return Some(InjectedFault { faults, kind: FaultKind::TableOut });
        }
        0..=19 => (FaultKind::KilledBefore, killed(random, Effect::KillBefore)),
        20..=44 => (FaultKind::KilledAfter, killed(random, Effect::KillAfter)),
        45..=56 => (FaultKind::MailReplyLost, mail(Effect::LoseReply).when(some(random, 2))),
        57..=62 => (FaultKind::MailFailed, mail(Effect::ServerError).when(some(random, 2))),
        63..=67 => {
            let person = random.pick(&["alice", "olga", "nick", "pia", "mona"]);
            let address = format!("{person}@example.com");
            (FaultKind::MailRejected, mail(Effect::RejectMessage).recipient(&address))
        }
        // Waited out in earnest.
        68 => (FaultKind::MailThrottled, mail(Effect::Throttle).when(When::Nth(1))),
        69 | 70 => {
            let fault = Fault::on(Service::Ses, Effect::ServerError).operation("GetSendQuota");
            (FaultKind::QuotaFailed, fault.when(some(random, 2)))
        }
        71..=80 => (FaultKind::TableReplyLost, table(Effect::LoseReply).when(some(random, 9))),
        81..=85 => {
            let position = random.below(4);
            let fault = table(Effect::TransactionConflict { position }).operation("TransactWriteItems");
            (FaultKind::TransactionConflicted, fault.when(some(random, 4)))
        }
        86..=88 => {
            let fault = table(Effect::Unprocessed { count: 1 + random.below(3) }).operation("BatchGetItem");
            (FaultKind::ReadUnprocessed, fault.when(some(random, 3)))
        }
        more => {
            let effect = random.pick(&[Effect::Throttle, Effect::ServerError]);
            let kind =
                if effect == Effect::Throttle { FaultKind::TableThrottled } else { FaultKind::TableFailed };
            let fault = table(effect);
            let fault = match more {
                89..=96 => fault.when(some(random, 9)),
                97 => fault.operation("Query"),
                98 => fault.operation("BatchGetItem").when(some(random, 3)),
                _ => fault.operation("TransactWriteItems"),
            };
            (kind, fault)
        }
    };
    Some(InjectedFault { faults: vec![fault.function(NOTIFIER)], kind })
}

fn killed(random: &mut Random, effect: Effect) -> Fault {
    match random.below(4) {
        0 => Fault::on(Service::Ses, effect).operation("SendRawEmail").when(some(random, 2)),
        1 => Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems").when(some(random, 5)),
        _ => Fault::anywhere(effect).when(some(random, 12)),
    }
}

/// One of the first calls.
fn some(random: &mut Random, most: usize) -> When {
    When::Nth(u64::try_from(1 + random.below(most)).unwrap())
}

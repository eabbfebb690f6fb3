use kit::{Effect, Fault, Service, When};

use super::draw::Draw;

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

/// Draws a fault, with a chance in percent.
///
/// Faults that strike a call again and again end every attempt at it. Such a fault never lets a mail be
/// sent and not marked: where it is about transactions, the claims before the mail fail as well.
pub(super) fn fault(draw: &mut Draw, percent: u64) -> Option<Struck> {
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

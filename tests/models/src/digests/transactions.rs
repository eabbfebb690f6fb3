//! The transactions of the digests model, as `shared/table` writes them.

use std::collections::BTreeSet;

use super::{
    condition::Condition,
    item::{AccessKey, Item, Items, Line, Mail, Place, is_as_announced, key, mail},
};
use crate::table::Transaction;

type Write<'t> = Transaction<'t, Place, Item, Condition>;
type Sent = Result<Items, Vec<usize>>;

/// Changes an unmarked mail on condition that it has a lease.
fn change_mail(
    write: &mut Write<'_>,
    place: Place,
    (lease, condition): (u8, Condition),
    change: impl FnOnce(&mut Mail),
) {
    let leased = |item: Option<&Item>| {
        [(condition, mail(item).is_some_and(|mail| !mail.is_marked && mail.lease == lease))]
    };
    write.step(place, leased, |item| {
        let mut stored = mail(item.as_ref()).cloned()?;
        change(&mut stored);
        Some(Item::Mail(stored))
    });
}

/// Takes over the mail of a reader.
pub fn take_over(table: &Items, off: &[Condition], (reader, id): (u8, u8), seen: u8, run: u8) -> Sent {
    let mut write = Transaction::new(table, off);
    change_mail(&mut write, Place::Mail(reader, id), (seen, Condition::TakeOverLease), |mail| {
        mail.lease = run;
    });
    write.commit()
}

/// Claims lines for the mail of a reader. The first claim stores the mail.
///
/// Step 0 is the mail's. Then each line has two: its key's, and its claim's.
pub fn claim(
    table: &Items,
    off: &[Condition],
    (reader, id): (u8, u8),
    run: u8,
    lines: &BTreeSet<Line>,
) -> Sent {
    let mut write = Transaction::new(table, off);
    let place = Place::Mail(reader, id);
    if table.get(place).is_none() {
        let stored = Mail { lease: run, is_marked: false, lines: lines.clone() };
        write.step(place, |_| [], |_| Some(Item::Mail(stored)));
    } else {
        change_mail(&mut write, place, (run, Condition::OwnLease), |mail| mail.lines.extend(lines));
    }
    for line in lines {
        let as_read = |item: Option<&Item>| [(Condition::ClaimKeyAsRead, is_as_announced(key(item), *line))];
        write.step(Place::Key(line.key), as_read, |item| item);
        let absent = |item: Option<&Item>| [(Condition::ClaimNotMade, item.is_none())];
        write.step(Place::Claim(reader, *line), absent, |_| Some(Item::Claim(id)));
    }
    write.commit()
}

/// Marks the mail of a reader.
pub fn mark(table: &Items, off: &[Condition], (reader, id): (u8, u8), run: u8) -> Sent {
    let mut write = Transaction::new(table, off);
    change_mail(&mut write, Place::Mail(reader, id), (run, Condition::OwnLease), |mail| {
        mail.is_marked = true;
    });
    write.commit()
}

/// Moves a key on: it has no later notice.
pub fn advance(table: &Items, off: &[Condition], line: Line) -> Sent {
    let mut write = Transaction::new(table, off);
    let as_read = |item: Option<&Item>| {
        let is_as_read =
            |key: AccessKey| key.expires_at == line.expires_at && key.due == Some(line.expires_at);
        [(Condition::AdvanceAsRead, key(item).is_some_and(is_as_read))]
    };
    write.step(Place::Key(line.key), as_read, |item| {
        Some(Item::Key(AccessKey { due: None, ..key(item.as_ref())? }))
    });
    write.commit()
}

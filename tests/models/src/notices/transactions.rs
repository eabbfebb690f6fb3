//! The transactions of the notices model, as `shared/table` writes them.

use super::{
    condition::Condition,
    item::{AccessKey, Announcement, Claim, Item, Items, Mail, Place, claim, key, mail, rearming, user},
    state::{Advance, Run},
};
use crate::table::Transaction;

/// Ticks after its start by which a run has certainly ended: then its leases end.
pub const LEASE: u8 = 2;

type Write<'t> = Transaction<'t, Place, Item, Condition>;
type Sent = Result<Items, Vec<usize>>;

/// Changes a mail on condition that it is unmarked, with the lease that was read.
fn change_leased_mail(
    write: &mut Write<'_>,
    (id, seen): (u8, &Mail),
    lease: Condition,
    change: impl FnOnce(&mut Mail),
) {
    let leased = |item: Option<&Item>| {
        let now = mail(item);
        [
            (Condition::MailUnmarked, now.is_some_and(|mail| !mail.is_marked)),
            (lease, now.is_some_and(|mail| mail.lease == seen.lease)),
        ]
    };
    write.step(Place::Mail(id), leased, |item| {
        let mut mail = mail(item.as_ref()).cloned().unwrap_or_default();
        change(&mut mail);
        Some(Item::Mail(mail))
    });
}

/// Takes over the lease of a mail.
pub fn take_over(table: &Items, off: &[Condition], mail: (u8, &Mail), taken: &Mail) -> Sent {
    let mut write = Transaction::new(table, off);
    change_leased_mail(&mut write, mail, Condition::TakeOverLease, |stored| {
        stored.lease = taken.lease;
        stored.lease_ends_at = taken.lease_ends_at;
        stored.due_at = taken.due_at;
    });
    write.commit()
}

/// Claims a notice for a mail.
pub fn claim_notice(table: &Items, off: &[Condition], (id, seen): (u8, &Mail), notice: Announcement) -> Sent {
    let mut write = Transaction::new(table, off);
    if seen.announcements.is_empty() {
        let stored = Mail { announcements: vec![notice], ..seen.clone() };
        write.step(Place::Mail(id), |_| [], |_| Some(Item::Mail(stored)));
    } else {
        change_leased_mail(&mut write, (id, seen), Condition::ClaimLease, |stored| {
            stored.announcements.push(notice);
        });
    }
    let unchanged = |item: Option<&Item>| {
        let now = key(item);
        [
            (Condition::ClaimKeyExpiry, now.is_some_and(|key| key.expires_at == notice.expires_at)),
            (Condition::ClaimKeyNotRevoked, now.is_none_or(|key| !key.is_revoked)),
        ]
    };
    write.step(Place::Key, unchanged, |item| item);
    let narrower = |item: Option<&Item>| {
        let made = claim(item);
        [
            (Condition::ClaimNotMade, made.is_none_or(|made| made.stage != notice.stage)),
            (Condition::ClaimNotNarrower, made.is_none_or(|made| made.stage >= notice.stage)),
        ]
    };
    let made = Claim { stage: notice.stage, told_by: id };
    write.step(Place::Claim(notice.expires_at), narrower, |_| Some(Item::Claim(made)));
    write.commit()
}

/// Marks a mail.
pub fn mark(table: &Items, off: &[Condition], mail: (u8, &Mail)) -> Sent {
    let mut write = Transaction::new(table, off);
    change_leased_mail(&mut write, mail, Condition::MarkLease, |stored| {
        stored.is_marked = true;
        stored.due_at = None;
    });
    write.commit()
}

/// Moves the key to its next notice.
pub fn advance(table: &Items, off: &[Condition], advance: Advance) -> Sent {
    let mut write = Transaction::new(table, off);
    let as_seen = |item: Option<&Item>| {
        let now = key(item);
        [
            (Condition::AdvanceDueAsSeen, now.is_some_and(|key| key.due_at == Some(advance.seen))),
            (Condition::AdvanceExpiryAsRead, now.is_none_or(|key| key.expires_at == advance.expires_at)),
        ]
    };
    write.step(Place::Key, as_seen, |item| {
        let stored = key(item.as_ref()).unwrap_or_default();
        Some(Item::Key(AccessKey { due_at: advance.next, ..stored }))
    });
    write.commit()
}

fn check_suspended(write: &mut Write<'_>) {
    let lasts = |item: Option<&Item>| [(Condition::HoldSuspended, user(item).is_suspended)];
    write.step(Place::User, lasts, |item| item);
}

/// Holds a mail until the suspension is lifted.
pub fn hold_mail(table: &Items, off: &[Condition], mail: (u8, &Mail)) -> Sent {
    let mut write = Transaction::new(table, off);
    check_suspended(&mut write);
    change_leased_mail(&mut write, mail, Condition::HoldLease, |stored| {
        stored.is_held = true;
        stored.due_at = None;
    });
    write.commit()
}

fn is_as_read(run: &Run, item: Option<&Item>) -> bool {
    let caused_by = |rearming: super::item::Rearming| rearming.caused_by;
    rearming(item).map(caused_by) == run.rearming.map(caused_by)
}

/// Holds the re-arming.
pub fn hold_rearming(table: &Items, off: &[Condition], run: &Run) -> Sent {
    let mut write = Transaction::new(table, off);
    check_suspended(&mut write);
    let as_read = |item: Option<&Item>| [(Condition::HoldRearmingAsRead, is_as_read(run, item))];
    write.step(Place::Rearming, as_read, |item| {
        let stored = rearming(item.as_ref()).unwrap_or_default();
        Some(Item::Rearming(super::item::Rearming { due_at: None, ..stored }))
    });
    write.commit()
}

/// Makes held mails due: each alone, on condition that it is still held.
pub fn release(table: &Items, now: u8) -> Items {
    let mut after = table.clone();
    for (id, mail) in table.mails().filter(|(_, mail)| mail.is_held) {
        let released = Mail { is_held: false, due_at: Some(now), ..mail.clone() };
        after.set(Place::Mail(id), Some(Item::Mail(released)));
    }
    after
}

/// Makes the key due, if a stage of it is, and ends the re-arming.
pub fn rearm(table: &Items, off: &[Condition], run: &Run) -> Sent {
    let mut write = Transaction::new(table, off);
    let as_read = |item: Option<&Item>| [(Condition::RearmAsRead, is_as_read(run, item))];
    write.step(Place::Rearming, as_read, |_| None);
    let Some(seen) = run.key.filter(|key| key.due_stage(run.now).is_some()) else { return write.commit() };
    // A run that has read the suspension moves the key from the time at which it was due.
    let differs = seen.due_at == Some(run.now) && !off.contains(&Condition::RearmMovesDue);
    let at_once = if differs { run.now - 1 } else { run.now };
    let unchanged = |item: Option<&Item>| {
        let now = key(item);
        [
            (Condition::RearmKeyVersion, now.is_some_and(|key| key.version == seen.version)),
            (Condition::RearmKeyNotRevoked, now.is_none_or(|key| !key.is_revoked)),
            (Condition::RearmDueAsRead, now.and_then(|key| key.due_at) == seen.due_at),
        ]
    };
    write.step(Place::Key, unchanged, |item| {
        let stored = key(item.as_ref()).unwrap_or_default();
        Some(Item::Key(AccessKey { due_at: Some(at_once), ..stored }))
    });
    write.commit()
}

//! Forgets what nothing that may still happen depends on, so that states that differ in nothing else are one.
//!
//! Leases, versions and causes are only ever compared for equality with what a run has read. The one in the table is
//! renamed to [`CURRENT`], and a run's copy to the same or to [`STALE`].

use super::{
    item::{Item, Mail, Place, Rearming, User},
    state::{Progress, Run, State},
};

/// The name of a lease, version or cause that the table has.
const CURRENT: u8 = 1;
/// The name of one that was read and replaced. No later one gets it.
const STALE: u8 = 99;
/// A time of the past, where it does not matter which.
const PAST: u8 = 0;

impl State {
    /// Forgets what is over.
    pub fn forget(&mut self) {
        self.runs.iter_mut().for_each(Run::forget);
        if self.runs.iter().all(|run| run.progress == Progress::Done) {
            // Nothing is sent any more.
            (self.faults, self.excused) = (0, 0);
            self.told.values_mut().for_each(|times| *times = 1);
        }
        self.forget_index();
        self.forget_mails();
        self.rename_leases();
        self.rename_versions();
        self.changes.sort_unstable();
    }

    /// Forgets the index unless a run may yet read it, and since when mails and the re-arming are due.
    fn forget_index(&mut self) {
        let is_read = self.runs.iter().any(Run::may_find);
        let (may_rearm, now) = (self.runs.iter().any(Run::is_new), self.now);
        self.index.retain(|place, _| is_read && (may_rearm || *place != Place::Rearming));
        let places = self.index.iter_mut().filter(|(place, _)| **place != Place::Key);
        places.filter(|(_, due_at)| **due_at <= now).for_each(|(_, due_at)| *due_at = PAST);
    }

    fn forget_mails(&mut self) {
        let any = |may: fn(&Run) -> bool| self.runs.iter().any(may);
        let (may_find, may_read_mail, may_release) =
            (any(Run::may_find), any(Run::may_read_mail), any(Run::may_release));
        let now = self.now;
        for mail in self.table.mails_mut() {
            mail.due_at = mail.due_at.map(|due_at| if due_at <= now || !may_find { PAST } else { due_at });
            mail.is_held &= may_release;
            if mail.lease_ends_at <= now || !may_read_mail || mail.is_marked {
                mail.lease_ends_at = PAST;
            }
            if mail.is_marked {
                mail.announcements.clear();
            }
            mail.announcements.sort_unstable();
        }
    }

    fn rename_leases(&mut self) {
        for (id, copy) in self.runs.iter_mut().filter_map(|run| run.mail.as_mut()) {
            copy.lease = renamed(copy.lease, self.table.mail(*id).map(|mail| mail.lease));
        }
        self.table.mails_mut().for_each(|mail| mail.lease = CURRENT);
    }

    fn rename_versions(&mut self) {
        let (key, rearming) = (self.table.key(), self.table.rearming());
        for run in &mut self.runs {
            if let Some(copy) = &mut run.key {
                copy.version = renamed(copy.version, key.map(|key| key.version));
            }
            if let Some(copy) = &mut run.rearming {
                copy.caused_by = renamed(copy.caused_by, rearming.map(|rearming| rearming.caused_by));
                copy.due_at = Some(PAST);
            }
        }
        for item in self.table.0.values_mut() {
            match item {
                Item::Key(key) => key.version = key.version.min(CURRENT),
                Item::User(user) => user.version = CURRENT,
                Item::Rearming(rearming) => {
                    let due_at = rearming.due_at.map(|_| PAST);
                    *rearming = Rearming { caused_by: CURRENT, due_at };
                }
                Item::Mail(_) | Item::Claim(_) => {}
            }
        }
    }
}

fn renamed(copy: u8, current: Option<u8>) -> u8 {
    if current == Some(copy) { CURRENT } else { STALE }
}

impl Run {
    /// Returns whether it has not begun.
    pub fn is_new(&self) -> bool {
        self.progress == Progress::Finding && !self.has_rearmed
    }

    /// Returns whether it has read a re-arming that it has not ended.
    fn is_rearming(&self) -> bool {
        use Progress::{HoldingRearming, ReadingKeyToRearm, Rearming, Releasing};
        matches!(self.progress, HoldingRearming | Releasing | ReadingKeyToRearm | Rearming)
    }

    /// Returns whether it may yet read the index.
    fn may_find(&self) -> bool {
        self.is_rearming() || matches!(self.progress, Progress::Finding | Progress::ReadingRearming)
    }

    /// Returns whether it may yet read a mail.
    fn may_read_mail(&self) -> bool {
        self.may_find() || matches!(self.progress, Progress::ReadingKey | Progress::ReadingMail)
    }

    /// Returns whether it may yet release what is held.
    fn may_release(&self) -> bool {
        self.is_new() || matches!(self.progress, Progress::ReadingRearming | Progress::Releasing)
    }

    fn forget(&mut self) {
        use Progress::{Advancing, Done, Marking, ReadingKey, ReadingMail, Rearming, Sending};
        if self.progress == Advancing && self.advance.is_none() {
            self.progress = Done;
        }
        if self.progress == Done {
            *self = Self { progress: Done, ..Self::default() };
        }
        if self.is_new() {
            self.now = PAST;
        }
        let progress = self.progress;
        self.key_due = self.key_due.filter(|_| progress == ReadingKey);
        self.mail_due = self.mail_due.filter(|_| matches!(progress, ReadingKey | ReadingMail));
        self.key = self.key.filter(|_| progress == Rearming);
        self.rearming = self.rearming.filter(|_| self.is_rearming());
        let has_claimed = matches!(progress, Sending | Marking | Advancing);
        self.notice = self.notice.filter(|_| !has_claimed);
        self.open_advance = self.open_advance.filter(|_| !has_claimed);
        self.user = self.user.map(|user| User { version: CURRENT, ..user });
        if matches!(progress, Marking | Advancing) {
            self.lines.clear();
        }
        self.lines.sort_unstable();
        self.mail = self.mail.take().filter(|_| progress != Advancing).map(|(id, mail)| {
            let mut announcements = if has_claimed { Vec::new() } else { mail.announcements };
            announcements.sort_unstable();
            (id, Mail { lease: mail.lease, announcements, ..Mail::default() })
        });
    }
}

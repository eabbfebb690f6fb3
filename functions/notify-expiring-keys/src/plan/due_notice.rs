//! The notice that a key expires, and the progress of its claims.

use std::cell::Cell;

use domain::{
    Time,
    id::{OrganizationId, UserId},
    message::ExpiringKey,
    notice::Announcement,
};
use table::{Advance, Claim};

use crate::run::Run;

/// A notice that is due, with all its recipients.
#[derive(Debug)]
pub(crate) struct DueNotice {
    pub(crate) announcement: Announcement,
    pub(crate) organization_id: OrganizationId,
    pub(crate) key: ExpiringKey,
    /// The recipients, each once, never empty.
    pub(crate) recipients: Vec<Recipient>,
    /// How to advance `due_at` after all claims. `None` if a recipient could not be loaded; the key then
    /// stays due.
    pub(crate) advance: Option<Advance>,
    /// Whether the policy has a notice at the expiry. Without one, the expiry is only an audit event.
    pub(crate) notifies_on_expiry: bool,
    pub(crate) progress: Cell<Progress>,
}

/// A user who gets a notice, through one channel at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipient {
    pub(crate) user_id: UserId,
    pub(crate) by_mail: bool,
    pub(crate) in_inbox: bool,
}

/// The progress of a notice's claims.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    claims: usize,
    /// Whether a claim was new.
    any_made: bool,
    /// Whether the key changed, so that the notice is no longer true.
    obsolete: bool,
    /// Claims that wait for the next day.
    waiting: usize,
    /// When they are due.
    waiting_until: Option<Time>,
    /// Whether a recipient's mail was full, so that the next run makes a claim.
    beyond_mail: bool,
}

impl DueNotice {
    /// Returns whether the notice has several recipients.
    pub(crate) fn is_shared(&self) -> bool {
        self.recipients.len() > 1
    }

    /// Returns whether claims are still to be made by this run.
    pub(crate) fn is_open(&self) -> bool {
        let channels = |to: &Recipient| usize::from(to.by_mail) + usize::from(to.in_inbox);
        let progress = self.progress.get();
        !progress.obsolete && progress.claims + progress.waiting < self.recipients.iter().map(channels).sum()
    }

    /// Returns whether claims are still to be made because a recipient's mail was full.
    pub(crate) fn is_beyond_mail(&self) -> bool {
        self.is_open() && self.progress.get().beyond_mail
    }

    /// Returns whether all claims had been made before. (A key that stays due because a recipient could
    /// not be loaded has failed.)
    pub(crate) fn is_skipped(&self) -> bool {
        let progress = self.progress.get();
        !self.is_open() && !progress.any_made && progress.waiting == 0 && self.advance.is_some()
    }

    /// Records the result of a claim by this run. Returns the key's advance after the last claim.
    pub(crate) fn record_claim_of(&self, run: &Run, claim: Claim) -> Option<Advance> {
        if let (Claim::Made, Some(advance)) = (&claim, &self.advance) {
            run.record_claim(advance.due_at);
        }
        self.record_claim(claim)
    }

    /// Records the result of a claim. Returns the key's advance after the last claim.
    fn record_claim(&self, claim: Claim) -> Option<Advance> {
        let mut progress = self.progress.get();
        match claim {
            Claim::Made => progress.any_made = true,
            Claim::MadeBefore => {}
            Claim::Obsolete => progress.obsolete = true,
        }
        progress.claims += 1;
        self.progress.set(progress);
        self.step()
    }

    /// Records that a recipient's mail was full: the key stays due.
    pub(crate) fn record_full_mail(&self) {
        self.progress.set(Progress { beyond_mail: true, ..self.progress.get() });
    }

    /// Records that one recipient's claim for a mail waits until a time. Returns the key's advance after the last
    /// claim.
    pub(crate) fn record_waiting(&self, until: Time) -> Option<Advance> {
        let mut progress = self.progress.get();
        progress.waiting += 1;
        progress.waiting_until = Some(until);
        self.progress.set(progress);
        self.step()
    }

    /// Returns the key's advance after the last claim: to its next notice, or to the time for which claims wait if
    /// that is earlier. An expiry that is an event alone comes after the claims that wait: at it nobody would be told.
    fn step(&self) -> Option<Advance> {
        let progress = self.progress.get();
        let advance = self.advance.filter(|_| !self.is_open() && !progress.obsolete)?;
        let next_is_event = !self.notifies_on_expiry && advance.next == Some(self.announcement.expires_at);
        let next = match progress.waiting_until {
            Some(until) if next_is_event => Some(until),
            waiting_until => advance.next.into_iter().chain(waiting_until).min(),
        };
        Some(Advance { next, ..advance })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::id::KeyId;

    use super::*;

    /// Makes a notice that each recipient gets by mail.
    pub(crate) fn due_notice(expiry: i64, recipients: &[UserId]) -> DueNotice {
        let (key_id, expires_at) = (KeyId::random(), Time::from_seconds(expiry));
        let by_mail = |user_id: &UserId| Recipient { user_id: *user_id, by_mail: true, in_inbox: false };
        DueNotice {
            announcement: Announcement { key_id, expires_at, stage: 7 },
            organization_id: OrganizationId::random(),
            key: ExpiringKey {
                key_id,
                key_name: "deploy".to_owned(),
                masked_key: String::new(),
                user_name: String::new(),
                organization_name: String::new(),
                expires_at,
            },
            recipients: recipients.iter().map(by_mail).collect(),
            notifies_on_expiry: true,
            advance: Some(Advance { key_id, expires_at: Some(expires_at), due_at: expires_at, next: None }),
            progress: Cell::default(),
        }
    }

    #[test]
    fn a_key_advances_after_the_claim_for_its_last_recipient() {
        let notice = due_notice(100, &[UserId::random(), UserId::random()]);
        assert!(notice.record_claim(Claim::Made).is_none());
        assert!(notice.is_open());
        assert!(notice.record_claim(Claim::MadeBefore).is_some());
        assert_eq!((notice.is_open(), notice.is_skipped()), (false, false));
    }

    #[test]
    fn a_key_advances_after_the_claims_for_mail_and_inbox() {
        let mut notice = due_notice(100, &[UserId::random()]);
        notice.recipients[0].in_inbox = true;
        assert!(notice.record_claim(Claim::Made).is_none());
        assert!(notice.record_claim(Claim::Made).is_some());
    }

    #[test]
    fn a_key_advances_to_the_time_for_which_a_claim_waits_unless_its_next_notice_is_earlier() {
        const EXPIRY: i64 = 100;
        for (next, notifies_on_expiry, advances_to) in [
            (None, true, 500),
            (Some(900), true, 500),
            (Some(400), true, 400),
            (Some(400), false, 400),
            (Some(EXPIRY), true, EXPIRY),
            (Some(EXPIRY), false, 500),
        ] {
            let mut notice = due_notice(EXPIRY, &[UserId::random(), UserId::random()]);
            notice.notifies_on_expiry = notifies_on_expiry;
            notice.advance.as_mut().unwrap().next = next.map(Time::from_seconds);
            assert!(notice.record_waiting(Time::from_seconds(500)).is_none());
            let advance = notice.record_claim(Claim::MadeBefore).unwrap();
            assert_eq!(advance.next, Some(Time::from_seconds(advances_to)));
            assert_eq!((notice.is_open(), notice.is_skipped()), (false, false));
        }
    }

    #[test]
    fn a_key_stays_due_for_a_recipient_who_could_not_be_loaded() {
        let mut notice = due_notice(100, &[UserId::random()]);
        notice.advance = None;
        assert!(notice.record_claim(Claim::MadeBefore).is_none());
        assert_eq!((notice.is_open(), notice.is_skipped()), (false, false));
    }

    #[test]
    fn a_key_that_a_full_mail_left_to_the_next_run_stays_due() {
        let notice = due_notice(100, &[UserId::random(), UserId::random()]);
        notice.record_full_mail();
        assert!(notice.record_claim(Claim::Made).is_none());
        assert!(notice.is_open() && notice.is_beyond_mail() && !notice.is_skipped());
        assert!(notice.record_claim(Claim::MadeBefore).is_some());
        assert!(!notice.is_open() && !notice.is_beyond_mail());
    }

    #[test]
    fn a_key_that_changed_during_the_run_does_not_advance() {
        let recipients = [UserId::random()];
        let (changed, claimed_before) = (due_notice(100, &recipients), due_notice(100, &recipients));
        assert!(changed.record_claim(Claim::Obsolete).is_none());
        assert!(claimed_before.record_claim(Claim::MadeBefore).is_some());
        assert!(changed.is_skipped() && claimed_before.is_skipped());
    }
}

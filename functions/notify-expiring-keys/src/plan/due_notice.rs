//! The notice that a key expires, and the progress of its claims.

use std::cell::Cell;

use domain::{
    id::{OrganizationId, UserId},
    message::ExpiringKey,
    notice::Announcement,
};
use table::{Advance, Claim};

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
}

impl DueNotice {
    /// Returns whether the notice has several recipients.
    pub(crate) fn is_shared(&self) -> bool {
        self.recipients.len() > 1
    }

    /// Returns whether claims are still to be made.
    pub(crate) fn is_open(&self) -> bool {
        let channels = |to: &Recipient| usize::from(to.by_mail) + usize::from(to.in_inbox);
        let progress = self.progress.get();
        !progress.obsolete && progress.claims < self.recipients.iter().map(channels).sum()
    }

    /// Returns whether all claims had been made before. (A key that stays due because a recipient could
    /// not be loaded has failed.)
    pub(crate) fn is_skipped(&self) -> bool {
        !self.is_open() && !self.progress.get().any_made && self.advance.is_some()
    }

    /// Records the result of a claim. Returns the key's advance after the last claim.
    pub(crate) fn record_claim(&self, claim: Claim) -> Option<Advance> {
        let mut progress = self.progress.get();
        match claim {
            Claim::Made => progress.any_made = true,
            Claim::MadeBefore => {}
            Claim::Obsolete => progress.obsolete = true,
        }
        progress.claims += 1;
        self.progress.set(progress);
        self.advance.filter(|_| !self.is_open() && !progress.obsolete)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{Time, id::KeyId};

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
    fn a_key_stays_due_for_a_recipient_who_could_not_be_loaded() {
        let mut notice = due_notice(100, &[UserId::random()]);
        notice.advance = None;
        assert!(notice.record_claim(Claim::MadeBefore).is_none());
        assert_eq!((notice.is_open(), notice.is_skipped()), (false, false));
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

use std::cell::Cell;

use domain::{
    id::{OrganizationId, UserId},
    inbox::MessageKind,
    notice::Announcement,
};
use table::{Advance, Claim};

use crate::compose::Line;

/// A due key that somebody is to be told of.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) announcement: Announcement,
    /// Whether it expires or has expired.
    pub(crate) event: MessageKind,
    pub(crate) organization_id: OrganizationId,
    pub(crate) line: Line,
    /// Whom to tell, each once: never nobody.
    pub(crate) recipients: Vec<Recipient>,
    /// Its step to the next notice, once everybody's claims are made; `None` while somebody whom it may
    /// concern cannot be read: the key stays due for them.
    pub(crate) advance: Option<Advance>,
    pub(crate) progress: Cell<Progress>,
}

/// Somebody who is to be told of a key, by one way at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipient {
    pub(crate) user_id: UserId,
    pub(crate) by_mail: bool,
    pub(crate) in_inbox: bool,
}

/// How far the telling of one key came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    claimed: usize,
    told: bool,
    over: bool,
}

impl Entry {
    /// Tells whether several are told of the key.
    pub(crate) fn is_shared(&self) -> bool {
        self.recipients.len() > 1
    }

    /// Tells whether somebody is still to be told, by one way or the other.
    pub(crate) fn is_open(&self) -> bool {
        let ways = |recipient: &Recipient| usize::from(recipient.by_mail) + usize::from(recipient.in_inbox);
        let progress = self.progress.get();
        !progress.over && progress.claimed < self.recipients.iter().map(ways).sum()
    }

    /// Tells whether nobody was told, because there was nothing new to tell. (A key that stays due for
    /// somebody who cannot be read has failed.)
    pub(crate) fn is_silent(&self) -> bool {
        !self.is_open() && !self.progress.get().told && self.advance.is_some()
    }

    /// Notes what came of a claim; returns the key's step to its next notice after the last one.
    pub(crate) fn claimed(&self, claim: Claim) -> Option<Advance> {
        let mut progress = self.progress.get();
        match claim {
            Claim::Made => progress.told = true,
            Claim::MadeBefore => {}
            Claim::Obsolete => progress.over = true,
        }
        progress.claimed += 1;
        self.progress.set(progress);
        self.advance.filter(|_| !self.is_open() && !progress.over)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{Time, id::KeyId};

    use super::*;

    /// Makes an entry that is to be mailed.
    pub(crate) fn entry(expiry: i64, recipients: &[UserId]) -> Entry {
        let (key_id, expires_at) = (KeyId::random(), Time::from_seconds(expiry));
        let by_mail = |user_id: &UserId| Recipient { user_id: *user_id, by_mail: true, in_inbox: false };
        Entry {
            announcement: Announcement { key_id, expires_at, stage: 7 },
            event: MessageKind::KeyExpiring,
            organization_id: OrganizationId::random(),
            line: Line {
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
    fn a_key_moves_on_after_the_claim_for_its_last_recipient() {
        let entry = entry(100, &[UserId::random(), UserId::random()]);
        assert!(entry.claimed(Claim::Made).is_none());
        assert!(entry.is_open());
        assert!(entry.claimed(Claim::MadeBefore).is_some());
        assert_eq!((entry.is_open(), entry.is_silent()), (false, false));
    }

    #[test]
    fn a_key_moves_on_after_the_claims_for_mail_and_inbox() {
        let mut entry = entry(100, &[UserId::random()]);
        entry.recipients[0].in_inbox = true;
        assert!(entry.claimed(Claim::Made).is_none());
        assert!(entry.claimed(Claim::Made).is_some());
    }

    #[test]
    fn a_key_stays_due_for_somebody_who_cannot_be_read() {
        let mut entry = entry(100, &[UserId::random()]);
        entry.advance = None;
        assert!(entry.claimed(Claim::MadeBefore).is_none());
        assert_eq!((entry.is_open(), entry.is_silent()), (false, false));
    }

    #[test]
    fn a_key_that_changed_meanwhile_does_not_move_on() {
        let (changed, told) = (entry(100, &[UserId::random()]), entry(100, &[UserId::random()]));
        assert!(changed.claimed(Claim::Obsolete).is_none());
        assert!(told.claimed(Claim::MadeBefore).is_some());
        assert!(changed.is_silent() && told.is_silent());
    }
}

use std::collections::HashMap;

use domain::{
    id::{OrganizationId, UserId},
    notice::Announcement,
};
use table::{Advance, Claim};

use crate::compose::Line;

/// A due key that somebody is to be told of.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) announcement: Announcement,
    pub(crate) organization_id: OrganizationId,
    pub(crate) line: Line,
    /// Whom to tell, each once: never nobody.
    pub(crate) recipients: Vec<UserId>,
    /// Its step to the next notice, once everybody's claim is made.
    pub(crate) advance: Advance,
    pub(crate) progress: Progress,
}

/// How far the telling of one key came.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    claimed: usize,
    told: bool,
    over: bool,
}

/// What one recipient is to be told in this run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) user_id: UserId,
    /// Positions of the entries, the most urgent first: never none.
    pub(crate) entries: Vec<usize>,
}

/// What a run is to tell, by key and by recipient.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) entries: Vec<Entry>,
    /// The recipients, the one with the most urgent entry first.
    pub(crate) parcels: Vec<Parcel>,
}

impl Round {
    /// Sorts what is to be told by recipient and urgency.
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        let mut by_recipient: HashMap<UserId, Vec<usize>> = HashMap::new();
        for (position, entry) in entries.iter().enumerate() {
            for user_id in &entry.recipients {
                by_recipient.entry(*user_id).or_default().push(position);
            }
        }
        let urgency = |position: &usize| {
            let Announcement { key_id, expires_at, .. } = entries[*position].announcement;
            (expires_at, key_id)
        };
        let mut parcels: Vec<_> = by_recipient
            .into_iter()
            .map(|(user_id, mut entries)| {
                entries.sort_unstable_by_key(urgency);
                Parcel { user_id, entries }
            })
            .collect();
        parcels.sort_unstable_by_key(|parcel| (urgency(&parcel.entries[0]), parcel.user_id));
        Self { entries, parcels }
    }

    /// Notes what came of a claim; returns the key's step to its next notice after the last one.
    pub(crate) fn claimed(&mut self, position: usize, claim: Claim) -> Option<Advance> {
        let Entry { progress, recipients, advance, .. } = &mut self.entries[position];
        match claim {
            Claim::Made => progress.told = true,
            Claim::MadeBefore => {}
            Claim::Obsolete => progress.over = true,
        }
        progress.claimed += 1;
        (progress.claimed == recipients.len() && !progress.over).then_some(*advance)
    }

    /// Counts the keys of which nobody was told, because there was nothing new to tell.
    pub(crate) fn count_silent(&self) -> usize {
        self.count(|entry, open| !open && !entry.progress.told)
    }

    /// Counts the keys of which somebody is still to be told.
    pub(crate) fn count_open(&self) -> usize {
        self.count(|_, open| open)
    }

    fn count(&self, wanted: impl Fn(&Entry, bool) -> bool) -> usize {
        let open = |entry: &Entry| entry.progress.claimed < entry.recipients.len() && !entry.progress.over;
        self.entries.iter().filter(|entry| wanted(entry, open(entry))).count()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Time, id::KeyId};

    use super::*;

    fn entry(expiry: i64, recipients: &[UserId]) -> Entry {
        let (key_id, expires_at) = (KeyId::random(), Time::from_seconds(expiry));
        Entry {
            announcement: Announcement { key_id, expires_at, stage: 7 },
            organization_id: OrganizationId::random(),
            line: Line {
                key_name: "deploy".to_owned(),
                masked_key: String::new(),
                user_name: String::new(),
                organization_name: String::new(),
                expires_at,
            },
            recipients: recipients.to_vec(),
            advance: Advance { key_id, expires_at: Some(expires_at), due_at: expires_at, next: None },
            progress: Progress::default(),
        }
    }

    #[test]
    fn each_recipient_gets_one_parcel_and_the_most_urgent_comes_first() {
        let (ann, bob) = (UserId::random(), UserId::random());
        let round = Round::new(vec![entry(300, &[ann]), entry(200, &[bob, ann]), entry(100, &[bob])]);
        assert_eq!(
            round.parcels,
            [Parcel { user_id: bob, entries: vec![2, 1] }, Parcel { user_id: ann, entries: vec![1, 0] }]
        );
    }

    #[test]
    fn a_key_moves_on_after_the_claim_for_its_last_recipient() {
        let mut round = Round::new(vec![entry(100, &[UserId::random(), UserId::random()])]);
        assert!(round.claimed(0, Claim::Made).is_none());
        assert_eq!((round.count_open(), round.count_silent()), (1, 0));
        assert!(round.claimed(0, Claim::MadeBefore).is_some());
        assert_eq!((round.count_open(), round.count_silent()), (0, 0));
    }

    #[test]
    fn a_key_that_changed_meanwhile_does_not_move_on() {
        let mut round = Round::new(vec![entry(100, &[UserId::random()]), entry(100, &[UserId::random()])]);
        assert!(round.claimed(0, Claim::Obsolete).is_none());
        assert!(round.claimed(1, Claim::MadeBefore).is_some());
        assert_eq!((round.count_open(), round.count_silent()), (0, 2));
    }
}

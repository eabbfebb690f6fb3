use std::collections::HashMap;

use domain::{
    id::{OrganizationId, UserId},
    notice::Announcement,
};
use table::{Advance, Claim, Mail};

use crate::compose::Line;

/// A due key that somebody is to be told of.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) announcement: Announcement,
    pub(crate) organization_id: OrganizationId,
    pub(crate) line: Line,
    /// Whom to tell, each once: never nobody.
    pub(crate) recipients: Vec<UserId>,
    /// Its step to the next notice, once everybody's claim is made; `None` while somebody whom it may
    /// concern cannot be read: the key stays due for them.
    pub(crate) advance: Option<Advance>,
    pub(crate) progress: Progress,
}

/// How far the telling of one key came.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    claimed: usize,
    told: bool,
    over: bool,
}

/// What one recipient is to be told in this run, in one mail: an unfinished mail, entries, or both.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) user_id: UserId,
    /// A mail that an earlier run left unfinished: what is new goes out with it.
    pub(crate) unfinished: Option<Mail>,
    /// Positions of the entries, the most urgent first.
    pub(crate) entries: Vec<usize>,
}

/// What a run is to tell, by key and by recipient.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) entries: Vec<Entry>,
    /// The recipients: those whose mail failed less often first, and of these the most urgent.
    pub(crate) parcels: Vec<Parcel>,
    /// Unfinished mails beyond the first of a recipient, who gets one mail in a run.
    pub(crate) mails_left: usize,
}

impl Round {
    /// Sorts what is to be told by recipient and urgency.
    pub(crate) fn new(entries: Vec<Entry>, mut mails: Vec<Mail>) -> Self {
        let mut by_recipient: HashMap<UserId, Parcel> = HashMap::new();
        let empty = |user_id| Parcel { user_id, unfinished: None, entries: Vec::new() };
        mails.sort_unstable_by_key(|mail| (mail.attempts, mail.mail_id));
        let mut mails_left = 0;
        for mail in mails {
            let parcel = by_recipient.entry(mail.user_id).or_insert_with_key(|user_id| empty(*user_id));
            if parcel.unfinished.is_some() {
                mails_left += 1;
            } else {
                parcel.unfinished = Some(mail);
            }
        }
        for (position, entry) in entries.iter().enumerate() {
            for user_id in &entry.recipients {
                let parcel = by_recipient.entry(*user_id).or_insert_with_key(|user_id| empty(*user_id));
                parcel.entries.push(position);
            }
        }
        let urgency = |announcement: &Announcement| (announcement.expires_at, announcement.key_id);
        let mut parcels: Vec<_> = by_recipient.into_values().collect();
        for parcel in &mut parcels {
            parcel.entries.sort_unstable_by_key(|position| urgency(&entries[*position].announcement));
        }
        parcels.sort_by_cached_key(|parcel| {
            let new = parcel.entries.iter().map(|position| &entries[*position].announcement);
            let old = parcel.unfinished.iter().flat_map(|mail| &mail.announcements);
            let failures = parcel.unfinished.as_ref().map_or(0, |mail| mail.attempts.saturating_add(1));
            (failures, new.chain(old).map(urgency).min(), parcel.user_id)
        });
        Self { entries, parcels, mails_left }
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
        advance.filter(|_| progress.claimed == recipients.len() && !progress.over)
    }

    /// Counts the keys of which nobody was told, because there was nothing new to tell. (Those that
    /// stay due for somebody who cannot be read have failed.)
    pub(crate) fn count_silent(&self) -> usize {
        self.count(|entry, open| !open && !entry.progress.told && entry.advance.is_some())
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
            advance: Some(Advance { key_id, expires_at: Some(expires_at), due_at: expires_at, next: None }),
            progress: Progress::default(),
        }
    }

    fn mail(user_id: UserId, attempts: u32) -> Mail {
        let now = Time::from_seconds(0);
        Mail { attempts, ..Mail::new(user_id, OrganizationId::random(), now, now) }
    }

    type Sorted = (UserId, Option<ulid::Ulid>, Vec<usize>);

    fn sorted(round: &Round) -> Vec<Sorted> {
        let of = |parcel: &Parcel| {
            (parcel.user_id, parcel.unfinished.as_ref().map(|mail| mail.mail_id), parcel.entries.clone())
        };
        round.parcels.iter().map(of).collect()
    }

    #[test]
    fn each_recipient_gets_one_parcel_and_the_most_urgent_comes_first() {
        let (ann, bob) = (UserId::random(), UserId::random());
        let entries = vec![entry(300, &[ann]), entry(200, &[bob, ann]), entry(100, &[bob])];
        let round = Round::new(entries, Vec::new());
        assert_eq!(sorted(&round), [(bob, None, vec![2, 1]), (ann, None, vec![1, 0])]);
    }

    #[test]
    fn new_notices_and_mails_that_failed_less_often_come_first() {
        let [ann, bob, cem, dan] = [(); 4].map(|()| UserId::random());
        let mails = [mail(ann, 3), mail(bob, 1), mail(cem, 0)];
        let names = mails.clone().map(|mail| Some(mail.mail_id));
        let round = Round::new(vec![entry(100, &[ann]), entry(300, &[dan])], mails.to_vec());
        let [first, second, third] = names;
        assert_eq!(
            sorted(&round),
            [(dan, None, vec![1]), (cem, third, vec![]), (bob, second, vec![]), (ann, first, vec![0])]
        );
    }

    #[test]
    fn of_several_unfinished_mails_of_a_recipient_the_one_that_failed_least_goes() {
        let ann = UserId::random();
        let mails = [mail(ann, 3), mail(ann, 1), mail(ann, 2)];
        let second = mails[1].mail_id;
        let round = Round::new(Vec::new(), mails.to_vec());
        assert_eq!(sorted(&round), [(ann, Some(second), vec![])]);
        assert_eq!(round.mails_left, 2);
    }

    #[test]
    fn a_key_moves_on_after_the_claim_for_its_last_recipient() {
        let mut round = Round::new(vec![entry(100, &[UserId::random(), UserId::random()])], Vec::new());
        assert!(round.claimed(0, Claim::Made).is_none());
        assert_eq!((round.count_open(), round.count_silent()), (1, 0));
        assert!(round.claimed(0, Claim::MadeBefore).is_some());
        assert_eq!((round.count_open(), round.count_silent()), (0, 0));
    }

    #[test]
    fn a_key_stays_due_for_somebody_who_cannot_be_read() {
        let mut key = entry(100, &[UserId::random()]);
        key.advance = None;
        let mut round = Round::new(vec![key], Vec::new());
        assert!(round.claimed(0, Claim::MadeBefore).is_none());
        assert_eq!((round.count_open(), round.count_silent()), (0, 0));
    }

    #[test]
    fn a_key_that_changed_meanwhile_does_not_move_on() {
        let mut round =
            Round::new(vec![entry(100, &[UserId::random()]), entry(100, &[UserId::random()])], Vec::new());
        assert!(round.claimed(0, Claim::Obsolete).is_none());
        assert!(round.claimed(1, Claim::MadeBefore).is_some());
        assert_eq!((round.count_open(), round.count_silent()), (0, 2));
    }
}

use std::{cell::Cell, collections::HashMap};

use domain::{
    id::{OrganizationId, UserId},
    inbox::Event,
    notice::Announcement,
};
use table::{Advance, Claim, Mail, Waiting};
use tokio::sync::{Mutex, MutexGuard};

use crate::{compose::Line, urgency::Urgency};

/// A due key that somebody is to be told of.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) announcement: Announcement,
    /// Whether it expires or has expired.
    pub(crate) event: Event,
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

/// What one recipient is to be told in this run: in its inbox, and in one mail.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) user_id: UserId,
    /// Positions of the entries for the inbox, the most urgent first.
    pub(crate) for_inbox: Vec<usize>,
    /// Positions of the entries for the mail, the most urgent first.
    pub(crate) for_mail: Vec<usize>,
    /// What else the mail is to tell, the most urgent first.
    pub(crate) waiting: Vec<Waiting>,
    /// A mail that an earlier run left unfinished: what is new goes out with it.
    pub(crate) unfinished: Option<Mail>,
}

impl Parcel {
    fn empty(user_id: UserId) -> Self {
        Self { user_id, for_inbox: Vec::new(), for_mail: Vec::new(), waiting: Vec::new(), unfinished: None }
    }

    /// Tells whether there is something to be mailed.
    pub(crate) const fn has_mail(&self) -> bool {
        self.unfinished.is_some() || !self.for_mail.is_empty() || !self.waiting.is_empty()
    }

    /// Tells how often its mail failed, and then how urgent it is.
    fn order(&self, entries: &[Entry]) -> impl Ord + use<> {
        let expiry = |announcement: &Announcement| Urgency::Expiry(announcement.expires_at);
        let new = self.for_inbox.iter().chain(&self.for_mail).map(|one| expiry(&entries[*one].announcement));
        let waiting = self.waiting.iter().map(|waiting| Urgency::from(&waiting.message));
        let old = self.unfinished.iter().flat_map(|mail| {
            mail.announcements.iter().map(expiry).chain(mail.messages.iter().map(Urgency::from))
        });
        let failures = self.unfinished.as_ref().map_or(0, |mail| mail.attempts.saturating_add(1));
        (failures, new.chain(waiting).chain(old).min(), self.user_id)
    }
}

/// What a run is to tell, by key and by recipient.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) entries: Vec<Entry>,
    /// Unfinished mails beyond the first of a recipient, who gets one mail in a run.
    pub(crate) mails_left: usize,
    /// Messages that wait to be mailed.
    waiting: Cell<usize>,
    /// The organizations of which a key is told to several.
    shared: HashMap<OrganizationId, Mutex<()>>,
}

impl Round {
    /// Sorts what is to be told by recipient and urgency.
    ///
    /// Those whose mail failed less often come first, and of these the most urgent.
    pub(crate) fn new(
        entries: Vec<Entry>,
        mut mails: Vec<Mail>,
        waiting: Vec<Waiting>,
    ) -> (Self, Vec<Parcel>) {
        let mut parcels = Parcels::default();
        mails.sort_unstable_by_key(|mail| (mail.attempts, mail.mail_id));
        let mut mails_left = 0;
        for mail in mails {
            let parcel = parcels.of(mail.user_id);
            if parcel.unfinished.is_some() {
                mails_left += 1;
            } else {
                parcel.unfinished = Some(mail);
            }
        }
        let mut by_urgency: Vec<_> = (0..entries.len()).collect();
        by_urgency.sort_unstable_by_key(|one| {
            (entries[*one].announcement.expires_at, entries[*one].announcement.key_id)
        });
        for position in by_urgency {
            for recipient in &entries[position].recipients {
                let parcel = parcels.of(recipient.user_id);
                parcel.for_inbox.extend(recipient.in_inbox.then_some(position));
                parcel.for_mail.extend(recipient.by_mail.then_some(position));
            }
        }
        let shared = entries.iter().filter(|entry| entry.is_shared());
        let shared = shared.map(|entry| (entry.organization_id, Mutex::default())).collect();
        let round = Self { entries, mails_left, waiting: Cell::new(waiting.len()), shared };
        for waiting in waiting {
            parcels.of(waiting.user_id).waiting.push(waiting);
        }
        let mut parcels: Vec<_> = parcels.0.into_values().collect();
        for parcel in &mut parcels {
            parcel.waiting.sort_by_key(|waiting| Urgency::from(&waiting.message));
        }
        parcels.sort_by_cached_key(|parcel| parcel.order(&round.entries));
        (round, parcels)
    }

    /// Waits until one recipient's claims of these entries can be made.
    ///
    /// Where others are told of one of them too, they take turns: DynamoDB refuses transactions that
    /// touch the same key at once.
    pub(crate) async fn turn_to_claim(&self, positions: &[usize]) -> Option<MutexGuard<'_, ()>> {
        let shared = positions.iter().map(|position| &self.entries[*position]).find(|one| one.is_shared())?;
        Some(self.shared.get(&shared.organization_id)?.lock().await)
    }

    /// Notes what came of a claim; returns the key's step to its next notice after the last one.
    pub(crate) fn claimed(&self, position: usize, claim: Claim) -> Option<Advance> {
        let entry = &self.entries[position];
        let mut progress = entry.progress.get();
        match claim {
            Claim::Made => progress.told = true,
            Claim::MadeBefore => {}
            Claim::Obsolete => progress.over = true,
        }
        progress.claimed += 1;
        entry.progress.set(progress);
        entry.advance.filter(|_| !entry.is_open() && !progress.over)
    }

    /// Notes that so many messages wait no more.
    pub(crate) fn claimed_waiting(&self, messages: usize) {
        self.waiting.set(self.waiting.get() - messages);
    }

    /// Counts the keys of which nobody was told, because there was nothing new to tell. (Those that
    /// stay due for somebody who cannot be read have failed.)
    pub(crate) fn count_silent(&self) -> usize {
        let silent =
            |entry: &&Entry| !entry.is_open() && !entry.progress.get().told && entry.advance.is_some();
        self.entries.iter().filter(silent).count()
    }

    /// Counts the keys of which somebody is still to be told, and the messages that still wait.
    pub(crate) fn count_open(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_open()).count() + self.waiting.get()
    }
}

impl Entry {
    fn is_shared(&self) -> bool {
        self.recipients.len() > 1
    }

    /// Tells whether somebody is still to be told, by one way or the other.
    fn is_open(&self) -> bool {
        let ways = |recipient: &Recipient| usize::from(recipient.by_mail) + usize::from(recipient.in_inbox);
        let progress = self.progress.get();
        !progress.over && progress.claimed < self.recipients.iter().map(ways).sum()
    }
}

#[derive(Debug, Default)]
struct Parcels(HashMap<UserId, Parcel>);

impl Parcels {
    fn of(&mut self, user_id: UserId) -> &mut Parcel {
        self.0.entry(user_id).or_insert_with_key(|user_id| Parcel::empty(*user_id))
    }
}

#[cfg(test)]
mod tests {
    use domain::{Time, id::KeyId, inbox::Message};

    use super::*;

    fn entry(expiry: i64, recipients: &[UserId]) -> Entry {
        let (key_id, expires_at) = (KeyId::random(), Time::from_seconds(expiry));
        Entry {
            announcement: Announcement { key_id, expires_at, stage: 7 },
            event: Event::KeyExpiring,
            organization_id: OrganizationId::random(),
            line: Line {
                key_name: "deploy".to_owned(),
                masked_key: String::new(),
                user_name: String::new(),
                organization_name: String::new(),
                expires_at,
            },
            recipients: recipients.iter().map(|user_id| by_mail(*user_id)).collect(),
            advance: Some(Advance { key_id, expires_at: Some(expires_at), due_at: expires_at, next: None }),
            progress: Cell::default(),
        }
    }

    fn by_mail(user_id: UserId) -> Recipient {
        Recipient { user_id, by_mail: true, in_inbox: false }
    }

    fn waiting(user_id: UserId, event: Event) -> Waiting {
        let message = Message::new(Time::from_seconds(0), event, "title", "text", None);
        Waiting { user_id, organization_id: OrganizationId::random(), message }
    }

    fn mail(user_id: UserId, attempts: u32) -> Mail {
        let now = Time::from_seconds(0);
        Mail { attempts, ..Mail::new(user_id, OrganizationId::random(), now, now) }
    }

    type Sorted = (UserId, Option<ulid::Ulid>, Vec<usize>);

    fn sorted(parcels: &[Parcel]) -> Vec<Sorted> {
        let of = |parcel: &Parcel| {
            (parcel.user_id, parcel.unfinished.as_ref().map(|mail| mail.mail_id), parcel.for_mail.clone())
        };
        parcels.iter().map(of).collect()
    }

    #[test]
    fn each_recipient_gets_one_parcel_and_the_most_urgent_comes_first() {
        let (ann, bob) = (UserId::random(), UserId::random());
        let entries = vec![entry(300, &[ann]), entry(200, &[bob, ann]), entry(100, &[bob])];
        let (_, parcels) = Round::new(entries, Vec::new(), Vec::new());
        assert_eq!(sorted(&parcels), [(bob, None, vec![2, 1]), (ann, None, vec![1, 0])]);
    }

    #[test]
    fn new_notices_and_mails_that_failed_less_often_come_first() {
        let [ann, bob, cem, dan] = [(); 4].map(|()| UserId::random());
        let mails = [mail(ann, 3), mail(bob, 1), mail(cem, 0)];
        let names = mails.clone().map(|mail| Some(mail.mail_id));
        let (_, parcels) =
            Round::new(vec![entry(100, &[ann]), entry(300, &[dan])], mails.to_vec(), Vec::new());
        let [first, second, third] = names;
        assert_eq!(
            sorted(&parcels),
            [(dan, None, vec![1]), (cem, third, vec![]), (bob, second, vec![]), (ann, first, vec![0])]
        );
    }

    #[test]
    fn of_several_unfinished_mails_of_a_recipient_the_one_that_failed_least_goes() {
        let ann = UserId::random();
        let mails = [mail(ann, 3), mail(ann, 1), mail(ann, 2)];
        let second = mails[1].mail_id;
        let (round, parcels) = Round::new(Vec::new(), mails.to_vec(), Vec::new());
        assert_eq!(sorted(&parcels), [(ann, Some(second), vec![])]);
        assert_eq!(round.mails_left, 2);
    }

    #[test]
    fn a_key_moves_on_after_the_claim_for_its_last_recipient() {
        let (round, _) =
            Round::new(vec![entry(100, &[UserId::random(), UserId::random()])], Vec::new(), Vec::new());
        assert!(round.claimed(0, Claim::Made).is_none());
        assert_eq!((round.count_open(), round.count_silent()), (1, 0));
        assert!(round.claimed(0, Claim::MadeBefore).is_some());
        assert_eq!((round.count_open(), round.count_silent()), (0, 0));
    }

    #[test]
    fn a_key_moves_on_after_the_claims_for_mail_and_inbox() {
        let mut key = entry(100, &[UserId::random()]);
        key.recipients[0].in_inbox = true;
        let (round, parcels) = Round::new(vec![key], Vec::new(), Vec::new());
        assert_eq!((&parcels[0].for_mail, &parcels[0].for_inbox), (&vec![0], &vec![0]));
        assert!(round.claimed(0, Claim::Made).is_none());
        assert!(round.claimed(0, Claim::Made).is_some());
    }

    #[test]
    fn threats_come_before_expiries_and_these_before_changes() {
        let [ann, bob, cem] = [(); 3].map(|()| UserId::random());
        let messages = vec![
            waiting(ann, Event::KeyChanged),
            waiting(cem, Event::AccessChanged),
            waiting(cem, Event::RetiredSecretUsed),
        ];
        let (round, parcels) = Round::new(vec![entry(100, &[bob])], Vec::new(), messages);
        let order: Vec<_> = parcels.iter().map(|parcel| parcel.user_id).collect();
        assert_eq!(order, [cem, bob, ann]);
        assert_eq!(parcels[0].waiting[0].message.event, Event::RetiredSecretUsed);
        assert_eq!(round.count_open(), 4);
        round.claimed_waiting(3);
        assert_eq!(round.count_open(), 1);
    }

    #[test]
    fn a_key_stays_due_for_somebody_who_cannot_be_read() {
        let mut key = entry(100, &[UserId::random()]);
        key.advance = None;
        let (round, _) = Round::new(vec![key], Vec::new(), Vec::new());
        assert!(round.claimed(0, Claim::MadeBefore).is_none());
        assert_eq!((round.count_open(), round.count_silent()), (0, 0));
    }

    #[test]
    fn a_key_that_changed_meanwhile_does_not_move_on() {
        let entries = vec![entry(100, &[UserId::random()]), entry(100, &[UserId::random()])];
        let (round, _) = Round::new(entries, Vec::new(), Vec::new());
        assert!(round.claimed(0, Claim::Obsolete).is_none());
        assert!(round.claimed(1, Claim::MadeBefore).is_some());
        assert_eq!((round.count_open(), round.count_silent()), (0, 2));
    }
}

use std::{cell::Cell, collections::HashMap};

use domain::id::OrganizationId;
use table::{Mail, OutboxMessage};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    entry::Entry,
    parcel::{Parcel, Parcels},
    urgency::Urgency,
};

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
        waiting: Vec<OutboxMessage>,
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
        let mut parcels = parcels.into_all();
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

    /// Notes that so many messages wait no more.
    pub(crate) fn claimed_waiting(&self, messages: usize) {
        self.waiting.set(self.waiting.get() - messages);
    }

    /// Counts the keys of which nobody was told, because there was nothing new to tell.
    pub(crate) fn count_silent(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_silent()).count()
    }

    /// Counts the keys of which somebody is still to be told, and the messages that still wait.
    pub(crate) fn count_open(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_open()).count() + self.waiting.get()
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Time,
        id::UserId,
        inbox::{Message, MessageKind},
    };

    use super::*;
    use crate::entry::tests::entry;

    fn mail(user_id: UserId, attempts: u32) -> Mail {
        let now = Time::from_seconds(0);
        Mail { attempts, ..Mail::new(user_id, OrganizationId::random(), now, now) }
    }

    fn waiting(user_id: UserId, event: MessageKind) -> OutboxMessage {
        let message = Message::new(Time::from_seconds(0), event, "title", "text", None);
        OutboxMessage { user_id, organization_id: OrganizationId::random(), message }
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
    fn threats_come_before_expiries_and_these_before_changes() {
        let [ann, bob, cem] = [(); 3].map(|()| UserId::random());
        let messages = vec![
            waiting(ann, MessageKind::KeyChanged),
            waiting(cem, MessageKind::AccessChanged),
            waiting(cem, MessageKind::RetiredSecretUsed),
        ];
        let (round, parcels) = Round::new(vec![entry(100, &[bob])], Vec::new(), messages);
        let order: Vec<_> = parcels.iter().map(|parcel| parcel.user_id).collect();
        assert_eq!(order, [cem, bob, ann]);
        assert_eq!(parcels[0].waiting[0].message.event, MessageKind::RetiredSecretUsed);
        assert_eq!(round.count_open(), 4);
        round.claimed_waiting(3);
        assert_eq!(round.count_open(), 1);
    }

    #[test]
    fn a_key_is_in_the_parcel_for_each_way_by_which_it_is_told() {
        let mut key = entry(100, &[UserId::random()]);
        key.recipients[0].in_inbox = true;
        let (_, parcels) = Round::new(vec![key], Vec::new(), Vec::new());
        assert_eq!((&parcels[0].for_mail, &parcels[0].for_inbox), (&vec![0], &vec![0]));
    }

    #[tokio::test]
    async fn claims_of_keys_that_several_are_told_of_take_turns() {
        let entries =
            vec![entry(100, &[UserId::random(), UserId::random()]), entry(200, &[UserId::random()])];
        let (round, _) = Round::new(entries, Vec::new(), Vec::new());
        let turn = round.turn_to_claim(&[1, 0]).await;
        assert!(turn.is_some());
        assert!(round.shared.values().all(|shared| shared.try_lock().is_err()));
        assert!(round.turn_to_claim(&[1]).await.is_none(), "the key of one recipient waits for nobody");
        drop(turn);
        assert!(round.shared.values().all(|shared| shared.try_lock().is_ok()));
    }
}

use std::collections::HashMap;

use domain::{id::UserId, notice::Announcement};
use table::{Mail, OutboxMessage};

use crate::{entry::Entry, urgency::Urgency};

/// What one recipient is to be told in this run: in its inbox, and in one mail.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) user_id: UserId,
    /// Positions of the entries for the inbox, the most urgent first.
    pub(crate) for_inbox: Vec<usize>,
    /// Positions of the entries for the mail, the most urgent first.
    pub(crate) for_mail: Vec<usize>,
    /// What else the mail is to tell, the most urgent first.
    pub(crate) waiting: Vec<OutboxMessage>,
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
    pub(crate) fn order(&self, entries: &[Entry]) -> impl Ord + use<> {
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

/// Parcels by recipient.
#[derive(Debug, Default)]
pub(crate) struct Parcels(HashMap<UserId, Parcel>);

impl Parcels {
    /// Returns the parcel of a recipient, an empty one at first.
    pub(crate) fn of(&mut self, user_id: UserId) -> &mut Parcel {
        self.0.entry(user_id).or_insert_with_key(|user_id| Parcel::empty(*user_id))
    }

    /// Returns them in no order.
    pub(crate) fn into_all(self) -> Vec<Parcel> {
        self.0.into_values().collect()
    }
}

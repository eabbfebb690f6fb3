//! Everything that one recipient gets in a run.

use std::{collections::HashMap, rc::Rc};

use domain::{
    id::{OrganizationId, UserId},
    notice::Announcement,
};
use table::{Mail, OutboxMessage};

use super::due_notice::DueNotice;
use crate::urgency::Urgency;

/// Everything that one recipient gets in a run: messages in the inbox, and one mail.
#[derive(Debug)]
pub(crate) struct Digest {
    pub(crate) user_id: UserId,
    /// The notices for the inbox, the most urgent first.
    pub(crate) for_inbox: Vec<Rc<DueNotice>>,
    /// The notices for the mail, the most urgent first.
    pub(crate) for_mail: Vec<Rc<DueNotice>>,
    /// The messages for the mail, the most urgent first.
    pub(crate) messages: Vec<OutboxMessage>,
    /// A mail that an earlier run left unfinished. It takes the new notices and messages.
    pub(crate) unfinished: Option<Mail>,
    /// Further unfinished mails. The recipient gets one mail in a run, so that these stay due.
    pub(crate) postponed: Vec<Mail>,
}

impl Digest {
    fn empty(user_id: UserId) -> Self {
        Self {
            user_id,
            for_inbox: Vec::new(),
            for_mail: Vec::new(),
            messages: Vec::new(),
            unfinished: None,
            postponed: Vec::new(),
        }
    }

    /// Returns whether the digest needs a mail.
    pub(crate) const fn has_mail(&self) -> bool {
        self.unfinished.is_some() || !self.for_mail.is_empty() || !self.messages.is_empty()
    }

    /// Returns whether the digest tells that a key or an account may be in danger.
    pub(crate) fn tells_of_threat(&self) -> bool {
        let (_, most_urgent, _) = self.priority();
        most_urgent.is_some_and(Urgency::is_threat)
    }

    /// Returns the organization of the recipient; `None` if the digest is empty.
    pub(crate) fn organization_id(&self) -> Option<OrganizationId> {
        let notices = self.for_inbox.iter().chain(&self.for_mail).map(|notice| notice.organization_id);
        let messages = self.messages.iter().map(|waiting| waiting.organization_id);
        notices.chain(messages).chain(self.unfinished.iter().map(|mail| mail.organization_id)).next()
    }

    /// Returns the place in the order of sending within an organization: mails that failed less often come first,
    /// and of these the most urgent.
    pub(crate) fn priority(&self) -> (u32, Option<Urgency>, UserId) {
        let expiry = |announcement: &Announcement| Urgency::Expiry(announcement.expires_at);
        let notices = self.for_inbox.iter().chain(&self.for_mail).map(|notice| expiry(&notice.announcement));
        let messages = self.messages.iter().map(|waiting| Urgency::from(&waiting.message));
        let unfinished = self.unfinished.iter().flat_map(|mail| {
            mail.announcements.iter().map(expiry).chain(mail.messages.iter().map(Urgency::from))
        });
        let failures = self.unfinished.as_ref().map_or(0, |mail| mail.attempts.saturating_add(1));
        (failures, notices.chain(messages).chain(unfinished).min(), self.user_id)
    }
}

/// Digests by recipient.
#[derive(Debug, Default)]
pub(crate) struct Digests(HashMap<UserId, Digest>);

impl Digests {
    /// Returns the digest of a recipient, an empty one at first.
    pub(crate) fn of(&mut self, user_id: UserId) -> &mut Digest {
        self.0.entry(user_id).or_insert_with_key(|user_id| Digest::empty(*user_id))
    }

    /// Returns all digests, each with its messages sorted by urgency, and of one second by their ids.
    pub(crate) fn into_vec(self) -> Vec<Digest> {
        let mut digests: Vec<_> = self.0.into_values().collect();
        for digest in &mut digests {
            digest
                .messages
                .sort_by_key(|waiting| (Urgency::from(&waiting.message), waiting.message.message_id));
        }
        digests
    }
}

#[cfg(test)]
mod tests {
    use domain::Time;

    use super::{
        super::{due_notice::tests::due_notice, turns::Outgoing},
        *,
    };

    #[test]
    fn notices_for_the_mail_and_unfinished_mails_need_a_mail_and_those_for_the_inbox_do_not() {
        let (user_id, now) = (UserId::random(), Time::from_seconds(1_000));
        let notice = Rc::new(due_notice(100, &[user_id]));
        let mail = Mail::new(user_id, OrganizationId::random(), now, now);
        let empty = || Digest::empty(user_id);
        for (digest, has_mail) in [
            (empty(), false),
            (Digest { for_inbox: vec![Rc::clone(&notice)], ..empty() }, false),
            (Digest { postponed: vec![mail.clone()], ..empty() }, false),
            (Digest { for_mail: vec![notice], ..empty() }, true),
            (Digest { unfinished: Some(mail), ..empty() }, true),
        ] {
            assert_eq!(digest.has_mail(), has_mail, "{digest:?}");
            assert_eq!(Outgoing::Digest(digest).has_mail(), has_mail);
        }
    }
}

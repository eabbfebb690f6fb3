//! Step 2, plan: makes one digest for each recipient, in the order of sending.

use std::{cell::Cell, collections::HashMap, rc::Rc};

use domain::id::OrganizationId;
use table::{Mail, OutboxMessage};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) mod digest;
pub(crate) mod due_notice;
pub(crate) mod parting_mail;
#[cfg(test)]
mod tests;
pub(crate) mod turns;

use digest::{Digest, Digests};
use due_notice::DueNotice;

/// The notices of a run, and what is still open of all its digests.
#[derive(Debug)]
pub(crate) struct Plan {
    notices: Vec<Rc<DueNotice>>,
    /// Unfinished mails beyond the first of each recipient, who gets one mail in a run.
    postponed_mails: usize,
    /// Messages that no mail has claimed yet, and that do not wait for the next day.
    unclaimed_messages: Cell<usize>,
    /// Messages for which the mail of their recipient had no room.
    messages_beyond_mail: Cell<usize>,
    /// One lock for each organization with a notice that has several recipients, or with an unfinished mail.
    claim_locks: HashMap<OrganizationId, Mutex<()>>,
}

impl Plan {
    /// Arranges notices, unfinished mails and messages by recipient, those of each by urgency.
    pub(crate) fn new(
        notices: Vec<DueNotice>,
        mut unfinished_mails: Vec<Mail>,
        messages: Vec<OutboxMessage>,
    ) -> (Self, Vec<Digest>) {
        let mut digests = Digests::default();
        unfinished_mails.sort_unstable_by_key(|mail| (mail.attempts, mail.mail_id));
        let mut claim_locks: HashMap<_, _> =
            unfinished_mails.iter().map(|mail| (mail.organization_id, Mutex::default())).collect();
        let mut postponed_mails = 0;
        for mail in unfinished_mails {
            let digest = digests.of(mail.user_id);
            if digest.unfinished.is_some() {
                digest.postponed.push(mail);
                postponed_mails += 1;
            } else {
                digest.unfinished = Some(mail);
            }
        }
        let mut notices: Vec<_> = notices.into_iter().map(Rc::new).collect();
        notices.sort_unstable_by_key(|notice| (notice.announcement.expires_at, notice.announcement.key_id));
        for notice in &notices {
            for recipient in &notice.recipients {
                let digest = digests.of(recipient.user_id);
                digest.for_inbox.extend(recipient.in_inbox.then(|| Rc::clone(notice)));
                digest.for_mail.extend(recipient.by_mail.then(|| Rc::clone(notice)));
            }
        }
        let unclaimed_messages = Cell::new(messages.len());
        for waiting in messages {
            digests.of(waiting.user_id).messages.push(waiting);
        }
        let shared = notices.iter().filter(|notice| notice.is_shared());
        claim_locks.extend(shared.map(|notice| (notice.organization_id, Mutex::default())));
        let messages_beyond_mail = Cell::default();
        let plan = Self { notices, postponed_mails, unclaimed_messages, messages_beyond_mail, claim_locks };
        (plan, digests.into_vec())
    }

    /// Waits until one recipient's claims of these notices can be made.
    ///
    /// Claims of a notice with several recipients take turns: DynamoDB refuses concurrent transactions
    /// that touch the same key.
    pub(crate) async fn lock_claims(&self, notices: &[Rc<DueNotice>]) -> Option<MutexGuard<'_, ()>> {
        let shared = notices.iter().find(|notice| notice.is_shared())?;
        self.lock_organization(shared.organization_id).await
    }

    /// Waits until claims of an organization's keys can be made.
    pub(crate) async fn lock_organization(
        &self,
        organization_id: OrganizationId,
    ) -> Option<MutexGuard<'_, ()>> {
        Some(self.claim_locks.get(&organization_id)?.lock().await)
    }

    /// Records that a mail claimed messages, or that they wait for the next day.
    pub(crate) fn record_messages(&self, count: usize) {
        self.unclaimed_messages.set(self.unclaimed_messages.get() - count);
    }

    /// Records that a recipient's mail was full, and left messages to the next run.
    pub(crate) fn record_full_mail(&self, messages: usize) {
        self.record_messages(messages);
        self.messages_beyond_mail.set(self.messages_beyond_mail.get() + messages);
    }

    /// Counts keys that produced no new notice.
    pub(crate) fn count_skipped(&self) -> usize {
        self.notices.iter().filter(|notice| notice.is_skipped()).count()
    }

    /// Counts keys whose claims are not all made, and messages that no mail has claimed.
    pub(crate) fn count_left_over(&self) -> usize {
        let left_over = self.notices.iter().filter(|notice| notice.is_open() && !notice.is_beyond_mail());
        left_over.count() + self.unclaimed_messages.get()
    }

    /// Counts what the next run mails because a recipient gets one mail in a run, and a mail holds so much.
    pub(crate) fn count_beyond_mails(&self) -> usize {
        let keys = self.notices.iter().filter(|notice| notice.is_beyond_mail()).count();
        keys + self.messages_beyond_mail.get() + self.postponed_mails
    }
}

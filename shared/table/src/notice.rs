//! Claims of expiry notices: a recipient is notified once of each expiry, stage and channel.

use std::collections::{HashMap, HashSet};

use domain::{
    Time, audit,
    id::{KeyId, UserId},
    inbox::Message,
    notice::{Announcement, Stage},
};
use serde::Serialize;
use ulid::Ulid;

use crate::{
    Error, Mail, OnConditionFailed, Table, Transaction,
    batch::BATCH_SIZE,
    expression::Expression,
    item::{Item, encode, number, text},
    item_key::{self, Channel},
    transaction::MAX_STEPS,
};

/// The most announcements that one call may claim: three steps each at most, and one for the mail.
pub const MAX_CLAIMS: usize = (MAX_STEPS - 1) / 3;

/// Seconds after an expiry for which its claims are kept. Until then a key may become due again without anybody being
/// notified twice.
pub(crate) const CLAIM_RETENTION: i64 = 90 * 86_400;

/// The outcome of claiming one announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Claimed for the mail, the inbox or the event.
    Made,
    /// This stage of this expiry, or a narrower one, was claimed before.
    MadeBefore,
    /// The key was revoked or deleted, or its expiry moved: there is nothing to announce.
    Obsolete,
}

/// A key's step to its next notice, from the state of its `due` entry.
#[derive(Debug, Clone, Copy)]
pub struct Advance {
    /// The key.
    pub key_id: KeyId,
    /// Its expiry, as it was read.
    pub expires_at: Option<Time>,
    /// When it was due, as read with the key.
    pub due_at: Time,
    /// When it is due next; `None` for never.
    pub next: Option<Time>,
}

/// The claim of a notice: at most one for each key, expiry and channel of a recipient.
#[derive(Debug, Serialize)]
struct Notice {
    #[serde(flatten)]
    announcement: Announcement,
    /// The mail, inbox message or audit event that announces it.
    told_by: Ulid,
    ttl: Time,
}

impl Table {
    /// Claims up to [`MAX_CLAIMS`] announcements for a mail, adds the claimed ones to it, and returns the
    /// outcome of each.
    ///
    /// Claims and mail are written in one transaction, which checks that each key still has its expiry and
    /// is not revoked. The first claim stores the mail. After [`Error::Failed`] the outcome is unknown: do
    /// not send the mail. A later run finds it if it was stored.
    ///
    /// Fails with [`Error::Conflict`] if another run took the mail's lease meanwhile.
    ///
    /// Model: `notices::Action::Claim`, `notices::Action::ClaimPassed`, `digests::Action::Claim`.
    pub async fn claim(&self, mail: &mut Mail, wanted: &[Announcement]) -> Result<Vec<Claim>, Error> {
        let claims = {
            let steps = |open: &[usize]| {
                let announcements: Vec<_> = open.iter().map(|one| wanted[*one]).collect();
                self.claims(mail, &announcements)
            };
            self.claim_each(wanted.len(), (1, 2), steps).await?
        };
        let made = wanted.iter().zip(&claims).filter(|(_, claim)| **claim == Claim::Made);
        mail.announcements.extend(made.map(|(announcement, _)| *announcement));
        Ok(claims)
    }

    /// Returns the announcements of a mail that are still current: no other mail has claimed a narrower
    /// stage since. Reads strongly.
    pub async fn current_announcements(&self, mail: &Mail) -> Result<Vec<Announcement>, Error> {
        let place = |one: &Announcement| item_key::notice(mail.user_id, one, Channel::Mail);
        let places: HashSet<_> = mail.announcements.iter().map(place).collect();
        let mut claims = HashMap::with_capacity(places.len());
        for places in places.into_iter().collect::<Vec<_>>().chunks(BATCH_SIZE) {
            claims.extend(self.batch(places.iter().cloned()).await?);
        }
        let ours = text(mail.mail_id.to_string());
        let is_ours = |claim: &Item| claim.get("told_by") == Some(&ours);
        let is_current = |one: &&Announcement| claims.get(&place(one)).is_none_or(is_ours);
        Ok(mail.announcements.iter().filter(is_current).copied().collect())
    }

    /// Returns those of at most [`MAX_CLAIMS`] announcements that a user's inbox does not hold yet, at their stage or a
    /// narrower one. Reads strongly.
    ///
    /// A read costs a tenth of a claim that is refused.
    pub async fn unclaimed_in_inbox(
        &self,
        user_id: UserId,
        announcements: &[Announcement],
    ) -> Result<Vec<Announcement>, Error> {
        self.unclaimed(announcements, |one| item_key::notice(user_id, one, Channel::Inbox)).await
    }

    /// Returns those of at most [`MAX_CLAIMS`] announcements that are no event yet, at their stage or a narrower one. Reads
    /// strongly.
    pub async fn unclaimed_events(&self, announcements: &[Announcement]) -> Result<Vec<Announcement>, Error> {
        self.unclaimed(announcements, |one| item_key::notice(one.key_id.user_id(), one, Channel::Event)).await
    }

    async fn unclaimed(
        &self,
        announcements: &[Announcement],
        place: impl Fn(&Announcement) -> item_key::ItemKey,
    ) -> Result<Vec<Announcement>, Error> {
        let claims = self.batch(announcements.iter().map(&place)).await?;
        let is_claimed = |one: &&Announcement| {
            let stage = claims.get(&place(one)).and_then(|claim| claim.get("stage")?.as_n().ok());
            stage.and_then(|stage| stage.parse().ok()).is_some_and(|stage: Stage| stage <= one.stage)
        };
        Ok(announcements.iter().filter(|one| !is_claimed(one)).copied().collect())
    }

    /// Claims up to [`MAX_CLAIMS`] announcements for a user's inbox, each with its message, and returns the
    /// outcome of each.
    ///
    /// Claims and messages are written in one transaction, under the same conditions as claims for a mail.
    /// After [`Error::Failed`] the outcome is unknown. Claiming again makes nothing twice.
    pub async fn claim_in_inbox(
        &self,
        user_id: UserId,
        wanted: &[(Announcement, Message)],
    ) -> Result<Vec<Claim>, Error> {
        let steps = |open: &[usize]| {
            let mut transaction = Transaction::new(self);
            for (announcement, message) in open.iter().map(|one| &wanted[*one]) {
                let told_by = (Channel::Inbox, message.message_id);
                transaction.add_claim(user_id, announcement, told_by, message.at);
                transaction.add_message(user_id, message);
            }
            transaction
        };
        self.claim_each(wanted.len(), (0, 3), steps).await
    }

    /// Claims up to [`MAX_CLAIMS`] announcements as events, each with its audit event, and returns the outcome of each.
    ///
    /// A claim and its audit event are written in one transaction, under the same conditions as claims for a mail. After
    /// [`Error::Failed`] the outcome is unknown. Claiming again makes nothing twice.
    pub async fn claim_events(&self, wanted: &[(Announcement, audit::Event)]) -> Result<Vec<Claim>, Error> {
        let steps = |open: &[usize]| {
            let mut transaction = Transaction::new(self);
            for (announcement, event) in open.iter().map(|one| &wanted[*one]) {
                let told_by = (Channel::Event, event.audit_id);
                transaction.add_claim(announcement.key_id.user_id(), announcement, told_by, event.at);
                transaction.record(event);
            }
            transaction
        };
        self.claim_each(wanted.len(), (0, 3), steps).await
    }

    /// Makes claims in one transaction, without the refused ones.
    ///
    /// `steps` makes the transaction for the claims at the given positions: `first` steps, then `each`
    /// steps for a claim, of which the first checks its key and the second claims.
    async fn claim_each<'t>(
        &self,
        wanted: usize,
        (first, each): (usize, usize),
        steps: impl Fn(&[usize]) -> Transaction<'t>,
    ) -> Result<Vec<Claim>, Error> {
        let mut claims = vec![Claim::Made; wanted];
        loop {
            let open: Vec<_> = (0..wanted).filter(|one| claims[*one] == Claim::Made).collect();
            if open.is_empty() {
                return Ok(claims);
            }
            let refused = steps(&open).attempt().await?;
            if refused.is_empty() {
                return Ok(claims);
            }
            for step in refused {
                let Some(step) = step.checked_sub(first) else { return Err(Error::Conflict) };
                let claim = &mut claims[open[step / each]];
                match step % each {
                    0 => *claim = Claim::Obsolete,
                    1 if *claim == Claim::Made => *claim = Claim::MadeBefore,
                    1 => {}
                    // The id of a message is taken; random ids do not repeat.
                    _ => return Err(Error::Conflict),
                }
            }
        }
    }

    fn claims<'t>(&'t self, mail: &Mail, announcements: &[Announcement]) -> Transaction<'t> {
        let mut transaction = Transaction::new(self);
        transaction.add_to_mail(mail, announcements, &[]);
        for announcement in announcements {
            let told_by = (Channel::Mail, mail.mail_id);
            transaction.add_claim(mail.user_id, announcement, told_by, mail.created_at);
        }
        transaction
    }

    /// Moves keys to their next notices, except those that changed since.
    ///
    /// Model: `notices::Action::Advance`, `digests::Action::Advance`.
    pub async fn advance(&self, advances: &[Advance]) -> Result<(), Error> {
        self.change_each(advances, Transaction::add_advance).await
    }
}

/// Returns until when a claim of `now` is kept: a late one as long as any other.
fn kept_until(announcement: &Announcement, now: Time) -> Time {
    announcement.expires_at.max(now).plus(CLAIM_RETENTION)
}

impl Transaction<'_> {
    /// Checks that a key still has the announced expiry, and claims the announcement for a user and channel.
    fn add_claim(
        &mut self,
        user_id: UserId,
        announcement: &Announcement,
        (channel, told_by): (Channel, Ulid),
        now: Time,
    ) {
        let unchanged = Expression::new("expires_at = :expiry AND attribute_not_exists(revoked_at)")
            .value(":expiry", number(announcement.expires_at.seconds()));
        self.check(item_key::access_key(announcement.key_id), unchanged, OnConditionFailed::Conflict);
        let narrower =
            Expression::absent().and(" OR stage > :stage").value(":stage", number(announcement.stage));
        let notice = Notice { announcement: *announcement, told_by, ttl: kept_until(announcement, now) };
        let item = encode(item_key::notice(user_id, announcement, channel), &notice);
        self.put(item, narrower, OnConditionFailed::Conflict);
    }

    fn add_advance(&mut self, advance: Advance) {
        let change = match advance.next {
            Some(next) => Expression::new("SET due_at = :next").value(":next", number(next.seconds())),
            None => Expression::new("REMOVE due_shard, due_at"),
        };
        let seen = Expression::new("due_at = :seen").value(":seen", number(advance.due_at.seconds()));
        let seen = match advance.expires_at {
            Some(expiry) => seen.and(" AND expires_at = :expiry").value(":expiry", number(expiry.seconds())),
            None => seen.and(" AND attribute_not_exists(expires_at)"),
        };
        self.update(item_key::access_key(advance.key_id), change, seen, OnConditionFailed::Conflict);
    }
}

#[cfg(test)]
mod tests;

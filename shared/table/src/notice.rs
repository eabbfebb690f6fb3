use std::collections::{HashMap, HashSet};

use domain::{
    Time,
    id::{KeyId, UserId},
    inbox::Message,
    notice::Announcement,
};
use serde::Serialize;
use ulid::Ulid;

use crate::{
    Error, Mail, Refusal, Table, Transaction,
    batch::BATCH,
    item::{Item, encode, number, text},
    key::{self, Channel},
    mail::KEPT,
    transaction::Expression,
};

/// The most steps that DynamoDB takes in one transaction.
const STEPS: usize = 100;

/// The most announcements that one call may claim: three steps each at most, and one for the mail.
pub const MAX_CLAIMS: usize = (STEPS - 1) / 3;

/// What came of claiming one announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The mail, or the inbox, tells it.
    Made,
    /// The recipient was told this stage of this expiry, or a narrower one, before.
    MadeBefore,
    /// The key was revoked or deleted, or its expiry moved: there is nothing to tell.
    Obsolete,
}

/// A key's step to its next notice, from the state in which the `due` index named it.
#[derive(Debug, Clone, Copy)]
pub struct Advance {
    /// The key.
    pub key_id: KeyId,
    /// Its expiry, as it was read.
    pub expires_at: Option<Time>,
    /// When it was due, as the index had it.
    pub due_at: Time,
    /// When it is due next; `None` never.
    pub next: Option<Time>,
}

/// That a recipient is told of an expiry: at most one for each key, expiry and channel.
#[derive(Debug, Serialize)]
struct Notice {
    #[serde(flatten)]
    announcement: Announcement,
    /// The mail, or the message in the inbox, that tells it.
    told_by: Ulid,
    ttl: Time,
}

impl Table {
    /// Claims up to [`MAX_CLAIMS`] announcements for a mail, adds those it made to it, and tells what
    /// came of each.
    ///
    /// The claims and their place in the mail are one transaction, which checks that each key still
    /// has its expiry and is not revoked. The first one stores the mail. After [`Error::Failed`] it is
    /// unknown whether they were made: do not send the mail, a later run finds it if they were.
    ///
    /// Tolerate: [`Error::Conflict`] when another run took the mail's lease meanwhile.
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

    /// Reads, strongly, which of a mail's announcements it is still to tell: those of which no other
    /// mail claimed a narrower stage since.
    pub async fn standing(&self, mail: &Mail) -> Result<Vec<Announcement>, Error> {
        let place = |told: &Announcement| key::notice(mail.user_id, told, Channel::Mail);
        let places: HashSet<_> = mail.announcements.iter().map(place).collect();
        let mut claims = HashMap::with_capacity(places.len());
        for places in places.into_iter().collect::<Vec<_>>().chunks(BATCH) {
            claims.extend(self.batch(places.iter().cloned()).await?);
        }
        let ours = text(mail.mail_id.to_string());
        let is_ours = |claim: &Item| claim.get("told_by") == Some(&ours);
        let stands = |told: &&Announcement| claims.get(&place(told)).is_none_or(is_ours);
        Ok(mail.announcements.iter().filter(stands).copied().collect())
    }

    /// Claims up to [`MAX_CLAIMS`] announcements for a user's inbox, each with the message that tells it,
    /// and tells what came of each.
    ///
    /// Claims and messages are one transaction, under the same conditions as claims for a mail. After
    /// [`Error::Failed`] it is unknown whether they were made; claiming them again makes none twice.
    pub async fn claim_in_inbox(
        &self,
        user_id: UserId,
        wanted: &[(Announcement, Message)],
    ) -> Result<Vec<Claim>, Error> {
        let steps = |open: &[usize]| {
            let mut transaction = Transaction::default();
            for (announcement, message) in open.iter().map(|one| &wanted[*one]) {
                let told_by = (Channel::Inbox, message.message_id);
                self.add_claim(&mut transaction, user_id, announcement, told_by, message.at);
                transaction.add_message(self, user_id, message);
            }
            transaction
        };
        self.claim_each(wanted.len(), (0, 3), steps).await
    }

    /// Makes claims together, except those that are refused.
    ///
    /// `steps` makes the transaction of some of them, named by position: so many steps first, and then
    /// so many for each claim, of which the first checks its key and the second claims.
    async fn claim_each(
        &self,
        wanted: usize,
        (first, each): (usize, usize),
        steps: impl Fn(&[usize]) -> Transaction,
    ) -> Result<Vec<Claim>, Error> {
        let mut claims = vec![Claim::Made; wanted];
        loop {
            let open: Vec<_> = (0..wanted).filter(|one| claims[*one] == Claim::Made).collect();
            if open.is_empty() {
                return Ok(claims);
            }
            let refused = self.attempt(steps(&open)).await?;
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
                    // The id of a message is taken, which cannot happen by chance.
                    _ => return Err(Error::Conflict),
                }
            }
        }
    }

    fn claims(&self, mail: &Mail, announcements: &[Announcement]) -> Transaction {
        let mut transaction = Transaction::default();
        self.add_to_mail(&mut transaction, mail, announcements, &[]);
        for announcement in announcements {
            let told_by = (Channel::Mail, mail.mail_id);
            self.add_claim(&mut transaction, mail.user_id, announcement, told_by, mail.created_at);
        }
        transaction
    }

    /// Checks that a key still has the expiry that is announced, and claims that a user is told of it.
    fn add_claim(
        &self,
        transaction: &mut Transaction,
        user_id: UserId,
        announcement: &Announcement,
        (channel, told_by): (Channel, Ulid),
        now: Time,
    ) {
        let unchanged = Expression::new("expires_at = :expiry AND attribute_not_exists(revoked_at)")
            .value(":expiry", number(announcement.expires_at.seconds()));
        transaction.check(self, key::access_key(announcement.key_id), unchanged, OnConditionFailed::Conflict);
        let narrower = Expression::new("attribute_not_exists(PK) OR stage > :stage")
            .value(":stage", number(announcement.stage));
        let ttl = announcement.expires_at.max(now).plus(KEPT);
        let notice = Notice { announcement: *announcement, told_by, ttl };
        let item = encode(key::notice(user_id, announcement, channel), &notice);
        transaction.put(self, item, narrower, OnConditionFailed::Conflict);
    }

    /// Moves keys to their next notices, except those that changed since the index named them.
    pub async fn advance(&self, advances: &[Advance]) -> Result<(), Error> {
        for advances in advances.chunks(STEPS) {
            let mut open = advances.to_vec();
            while !open.is_empty() {
                let mut transaction = Transaction::default();
                for advance in &open {
                    self.add_advance(&mut transaction, advance);
                }
                let refused = self.attempt(transaction).await?;
                if refused.is_empty() {
                    break;
                }
                let kept = open.iter().enumerate().filter(|(step, _)| !refused.contains(step));
                open = kept.map(|(_, advance)| *advance).collect();
            }
        }
        Ok(())
    }

    fn add_advance(&self, transaction: &mut Transaction, advance: &Advance) {
        let change = match advance.next {
            Some(next) => Expression::new("SET due_at = :next").value(":next", number(next.seconds())),
            None => Expression::new("REMOVE due_shard, due_at"),
        };
        let change = change.value(":seen", number(advance.due_at.seconds()));
        let (change, condition) = match advance.expires_at {
            Some(expiry) => {
                (change.value(":expiry", number(expiry.seconds())), "due_at = :seen AND expires_at = :expiry")
            }
            None => (change, "due_at = :seen AND attribute_not_exists(expires_at)"),
        };
        transaction.update(self, key::access_key(advance.key_id), change, condition, OnConditionFailed::Conflict);
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{OrganizationId, UserId};

    use super::*;
    use crate::item::{
        tests::{attributes, offline},
        text,
    };

    fn mail() -> Mail {
        let now = Time::from_seconds(1_000);
        Mail::new(UserId::random(), OrganizationId::random(), now, now)
    }

    fn announcement() -> Announcement {
        Announcement { key_id: KeyId::random(), expires_at: Time::from_seconds(5_000), stage: 7 }
    }

    #[test]
    fn a_notice_holds_what_was_told_and_what_tells_it() {
        let notice =
            Notice { announcement: announcement(), told_by: Ulid::nil(), ttl: Time::from_seconds(9) };
        for (channel, named) in [(Channel::Mail, "MAIL"), (Channel::Inbox, "INBOX")] {
            let item = encode(key::notice(UserId::random(), &notice.announcement, channel), &notice);
            assert_eq!(attributes(&item), ["PK", "SK", "expires_at", "key_id", "stage", "told_by", "ttl"]);
            assert_eq!(item["SK"], text(format!("NOTICE#{}#5000#{named}", notice.announcement.key_id)));
            assert_eq!((&item["stage"], &item["told_by"]), (&number(7), &text(Ulid::nil().to_string())));
        }
    }

    #[test]
    fn the_most_claims_fit_one_transaction() {
        let announcements: Vec<_> = (0..MAX_CLAIMS).map(|_| announcement()).collect();
        let mut mail = mail();
        assert_eq!(offline().claims(&mail, &announcements).len(), 2 * MAX_CLAIMS + 1);
        mail.announcements.push(announcement());
        assert_eq!(offline().claims(&mail, &announcements).len(), 2 * MAX_CLAIMS + 1);
        const { assert!(3 * MAX_CLAIMS <= STEPS) };
    }
}

use domain::{Time, id::KeyId, notice::Announcement};
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;
use ulid::Ulid;

use crate::{
    Error, Mail, Refusal, Table, Transaction,
    item::{Item, encode, number},
    key,
    mail::KEPT,
    transaction::Expression,
};

/// The most steps that DynamoDB takes in one transaction.
const STEPS: usize = 100;

/// The most announcements that one call may claim: two steps each, and one for the mail.
pub const CLAIMS: usize = (STEPS - 1) / 2;

/// What came of claiming one announcement for a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The mail tells it.
    Made,
    /// The recipient was told this stage of this expiry, or a narrower one, by another mail.
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
    mail_id: Ulid,
    ttl: Time,
}

impl Table {
    /// Claims up to [`CLAIMS`] announcements for a mail, adds those it made to it, and tells what
    /// came of each.
    ///
    /// The claims and their place in the mail are one transaction, which checks that each key still
    /// has its expiry and is not revoked. The first one stores the mail. After [`Error::Failed`] it is
    /// unknown whether they were made: do not send the mail, a later run finds it if they were.
    ///
    /// Tolerate: [`Error::LostRace`] when another run took the mail's lease meanwhile.
    pub async fn claim(&self, mail: &mut Mail, wanted: &[Announcement]) -> Result<Vec<Claim>, Error> {
        let mut claims = vec![Claim::Made; wanted.len()];
        loop {
            let open: Vec<_> = (0..wanted.len()).filter(|i| claims[*i] == Claim::Made).collect();
            let announcements: Vec<_> = open.iter().map(|i| wanted[*i]).collect();
            if announcements.is_empty() {
                return Ok(claims);
            }
            let refused = self.attempt(self.claims(mail, &announcements)).await?;
            if refused.is_empty() {
                mail.announcements.extend(announcements);
                return Ok(claims);
            }
            for step in refused {
                // The mail, then key and claim of each announcement.
                let Some(step) = step.checked_sub(1) else { return Err(Error::LostRace) };
                let claim = &mut claims[open[step / 2]];
                if step % 2 == 0 {
                    *claim = Claim::Obsolete;
                } else if *claim == Claim::Made {
                    *claim = Claim::MadeBefore;
                }
            }
        }
    }

    fn claims(&self, mail: &Mail, announcements: &[Announcement]) -> Transaction {
        let mut transaction = Transaction::default();
        if mail.announcements.is_empty() {
            let stored = Mail { announcements: announcements.to_vec(), ..mail.clone() };
            transaction.create(self, self.mail_item(&stored), Refusal::LostRace);
        } else {
            let more = to_attribute_value(announcements).expect("announcements are maps with text keys");
            let change =
                Expression::new("SET announcements = list_append(announcements, :more)").value(":more", more);
            self.change_leased_mail(&mut transaction, mail, change);
        }
        for announcement in announcements {
            let unchanged = Expression::new("expires_at = :expiry AND attribute_not_exists(revoked_at)")
                .value(":expiry", number(announcement.expires_at.seconds()));
            transaction.check(self, key::access_key(announcement.key_id), unchanged, Refusal::LostRace);
            let narrower = Expression::new("attribute_not_exists(PK) OR stage > :stage")
                .value(":stage", number(announcement.stage));
            transaction.put(self, notice_item(mail, *announcement), narrower, Refusal::LostRace);
        }
        transaction
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
        transaction.update(self, key::access_key(advance.key_id), change, condition, Refusal::LostRace);
    }
}

fn notice_item(mail: &Mail, announcement: Announcement) -> Item {
    let ttl = announcement.expires_at.max(mail.created_at).plus(KEPT);
    let notice = Notice { announcement, mail_id: mail.mail_id, ttl };
    encode(key::notice_by_mail(mail.user_id, &announcement), &notice)
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
    fn a_notice_holds_what_was_told_and_the_mail_that_tells_it() {
        let (mail, announcement) = (mail(), announcement());
        let item = notice_item(&mail, announcement);
        assert_eq!(attributes(&item), ["PK", "SK", "expires_at", "key_id", "mail_id", "stage", "ttl"]);
        assert_eq!(item["SK"], text(format!("NOTICE#{}#5000#MAIL", announcement.key_id)));
        assert_eq!(item["stage"], number(7));
        assert_eq!(item["mail_id"], text(mail.mail_id.to_string()));
    }

    #[test]
    fn the_most_claims_fit_one_transaction() {
        let announcements: Vec<_> = (0..CLAIMS).map(|_| announcement()).collect();
        let mut mail = mail();
        assert_eq!(offline().claims(&mail, &announcements).len(), 99);
        mail.announcements.push(announcement());
        assert_eq!(offline().claims(&mail, &announcements).len(), 99);
    }
}

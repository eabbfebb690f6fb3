use std::collections::HashMap;

use domain::{
    Time,
    id::{OrganizationId, UserId},
    inbox::Message,
    notification::Notification,
    notice::Announcement,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;
use ulid::Ulid;

use crate::{
    Error, Refusal, Table, ChangeRecords, Transaction,
    item::{Item, encode, number, text},
    key,
    transaction::Expression,
};

/// Seconds for which the records of what was told are kept once they are of no more use.
pub(crate) const KEPT: i64 = 30 * 86_400;

/// Seconds after which a mail is looked at again, the first time and at most: by the event's time.
const BACK_OFF: (i64, i64) = (300, 6 * 3_600);

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// A run holds it, or held it and ended without a mark: it is to be sent when the lease is over.
    Leased,
    /// SES accepted it.
    Sent,
    /// It will never be sent: it was rejected for good, or there is nothing left to say.
    Dead,
}

impl MailStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// A mail to one user: what was claimed for it, and who may send it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mail {
    /// Names the mail.
    pub mail_id: Ulid,
    /// Who gets it.
    pub user_id: UserId,
    /// The recipient's organization.
    pub organization_id: OrganizationId,
    /// What became of it.
    pub status: MailStatus,
    /// Names the lease: whoever knows the name, and nobody else, may send and mark.
    pub lease: Ulid,
    /// From then on, by the clock, another run may take the lease.
    pub lease_ends_at: Time,
    /// How often a later run took it up; each time it then waits twice as long.
    #[serde(default)]
    pub attempts: u32,
    /// The expiries that it tells of.
    pub announcements: Vec<Announcement>,
    /// What else it tells, as it was true when it happened.
    pub messages: Vec<Message>,
    /// The time of the run that claimed it.
    pub created_at: Time,
}

impl Mail {
    /// Starts a mail that tells nothing yet and is not stored: the first claim stores it.
    #[must_use]
    pub fn new(user_id: UserId, organization_id: OrganizationId, lease_ends_at: Time, now: Time) -> Self {
        Self {
            mail_id: Ulid::generate(),
            user_id,
            organization_id,
            status: MailStatus::Leased,
            lease: Ulid::generate(),
            lease_ends_at,
            attempts: 0,
            announcements: Vec::new(),
            messages: Vec::new(),
            created_at: now,
        }
    }

    /// Tells whether anything was claimed for it: until then it is not stored.
    #[must_use]
    pub const fn is_stored(&self) -> bool {
        !self.announcements.is_empty() || !self.messages.is_empty()
    }

    /// Returns when a mail that a run held at `now` is due again, if the run leaves it unmarked.
    const fn due_again(&self, now: Time) -> Time {
        let (first, most) = BACK_OFF;
        // Ten doublings are past the most, and far from what a number can hold.
        let doublings = if self.attempts < 10 { self.attempts } else { 10 };
        let wait = first << doublings;
        now.plus(if wait < most { wait } else { most })
    }
}

impl Table {
    /// Reads mails by recipient and id, strongly; those that are gone are absent from the answer.
    ///
    /// One that cannot be read is an error of its own: it is not to be taken for one that is gone.
    pub async fn mails(
        &self,
        places: &[(UserId, Ulid)],
    ) -> Result<HashMap<(UserId, Ulid), Result<Mail, Error>>, Error> {
        self.each("mail", places, |(user_id, mail_id)| key::mail(user_id, mail_id)).await
    }

    /// Takes over the lease of a mail as it was read: its lease is over by the clock.
    ///
    /// The mail is then due again after a while that doubles each time, so that one that always fails
    /// lets the others pass. Tolerate: [`Error::Conflict`] when another run took it, or marked the
    /// mail, meanwhile.
    pub async fn take_over_mail(&self, mail: &mut Mail, lease_ends_at: Time, now: Time) -> Result<(), Error> {
        let attempts = mail.attempts.saturating_add(1);
        let taken = Mail { lease: Ulid::generate(), lease_ends_at, attempts, ..mail.clone() };
        let change = Expression::new(
            "SET lease = :new, lease_ends_at = :ends_at, attempts = :attempts, due_at = :due_at",
        )
        .value(":new", text(taken.lease.to_string()))
        .value(":ends_at", number(lease_ends_at.seconds()))
        .value(":attempts", number(attempts))
        .value(":due_at", number(taken.due_again(now).seconds()));
        let mut transaction = Transaction::default();
        self.change_leased_mail(&mut transaction, mail, change);
        self.commit(transaction).await?;
        *mail = taken;
        Ok(())
    }

    /// Marks a mail that this run has the lease of, so that no run sends it again, and tells of that.
    ///
    /// Tolerate: [`Error::Conflict`] when another run took the lease meanwhile.
    pub async fn mark_mail(
        &self,
        mail: &Mail,
        status: MailStatus,
        news: &[Notification],
        now: Time,
    ) -> Result<(), Error> {
        let change = Expression::new("SET #status = :status, #ttl = :ttl REMOVE due_shard, due_at")
            .name("#ttl", "ttl")
            .value(":status", text(status.as_str()))
            .value(":ttl", number(now.plus(KEPT).seconds()));
        let mut transaction = Transaction::leaving(self, ChangeRecords::of(&[]).notifying(news));
        self.change_leased_mail(&mut transaction, mail, change);
        self.commit(transaction).await
    }

    /// Adds to what a mail tells: stores it where it tells nothing yet, else on condition of its lease.
    pub(crate) fn add_to_mail(
        &self,
        transaction: &mut Transaction,
        mail: &Mail,
        announcements: &[Announcement],
        messages: &[Message],
    ) {
        if mail.is_stored() {
            const MAPS: &str = "what a mail tells is maps with text keys";
            let change = Expression::new(
                "SET announcements = list_append(announcements, :announcements), messages = list_append(messages, :messages)",
            )
            .value(":announcements", to_attribute_value(announcements).expect(MAPS))
            .value(":messages", to_attribute_value(messages).expect(MAPS));
            self.change_leased_mail(transaction, mail, change);
        } else {
            let (announcements, messages) = (announcements.to_vec(), messages.to_vec());
            let stored = Mail { announcements, messages, ..mail.clone() };
            transaction.create(self, self.mail_item(&stored), OnConditionFailed::Conflict);
        }
    }

    /// Changes a mail on condition that its lease is still the one that `mail` names.
    fn change_leased_mail(&self, transaction: &mut Transaction, mail: &Mail, change: Expression) {
        let change = change
            .name("#status", "status")
            .value(":leased", text(MailStatus::Leased.as_str()))
            .value(":lease", text(mail.lease.to_string()));
        let place = key::mail(mail.user_id, mail.mail_id);
        transaction.update(self, place, change, "#status = :leased AND lease = :lease", OnConditionFailed::Conflict);
    }

    /// Makes the item of a mail, in the `due` index for when the run that claims it leaves it unmarked.
    fn mail_item(&self, mail: &Mail) -> Item {
        let mut item = encode(key::mail(mail.user_id, mail.mail_id), mail);
        self.due_from(&mut item, mail.organization_id, mail.due_again(mail.created_at));
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::{attributes, offline};

    #[test]
    fn a_mail_is_due_for_the_run_after_the_one_that_claims_it() {
        let now = Time::from_seconds(1_000);
        let mail = Mail::new(UserId::random(), OrganizationId::random(), now.plus(300), now);
        let item = offline().mail_item(&mail);
        assert_eq!(
            attributes(&item),
            [
                "PK",
                "SK",
                "announcements",
                "attempts",
                "created_at",
                "due_at",
                "due_shard",
                "lease",
                "lease_ends_at",
                "mail_id",
                "messages",
                "organization_id",
                "status",
                "user_id"
            ]
        );
        assert_eq!(item["due_at"], number(1_300));
        assert_eq!(item["status"], text("leased"));
    }

    #[test]
    fn a_mail_waits_twice_as_long_each_time_and_six_hours_at_most() {
        let now = Time::from_seconds(1_000);
        let mut mail = Mail::new(UserId::random(), OrganizationId::random(), now, now);
        let waits = [0, 1, 2, 6, 7, 10, u32::MAX].map(|attempts| {
            mail.attempts = attempts;
            mail.due_again(now).since(now)
        });
        assert_eq!(waits, [300, 600, 1_200, 19_200, 21_600, 21_600, 21_600]);
    }
}

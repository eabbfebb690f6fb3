use domain::{
    Time,
    id::{OrganizationId, UserId},
    notice::Announcement,
};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{
    Error, Refusal, Table, Transaction,
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
    /// What it tells.
    pub announcements: Vec<Announcement>,
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
            created_at: now,
        }
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
    /// Reads a mail, strongly.
    pub async fn mail(&self, user_id: UserId, mail_id: Ulid) -> Result<Option<Mail>, Error> {
        self.get("mail", key::mail(user_id, mail_id)).await
    }

    /// Takes over the lease of a mail as it was read: its lease is over by the clock.
    ///
    /// The mail is then due again after a while that doubles each time, so that one that always fails
    /// lets the others pass. Tolerate: [`Error::LostRace`] when another run took it, or marked the
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
        self.change_mail(mail, change).await?;
        *mail = taken;
        Ok(())
    }

    /// Marks a mail that this run has the lease of, so that no run sends it again.
    ///
    /// Tolerate: [`Error::LostRace`] when another run took the lease meanwhile.
    pub async fn mark_mail(&self, mail: &Mail, status: MailStatus, now: Time) -> Result<(), Error> {
        let change = Expression::new("SET #status = :status, #ttl = :ttl REMOVE due_shard, due_at")
            .name("#ttl", "ttl")
            .value(":status", text(status.as_str()))
            .value(":ttl", number(now.plus(KEPT).seconds()));
        self.change_mail(mail, change).await
    }

    async fn change_mail(&self, mail: &Mail, change: Expression) -> Result<(), Error> {
        let mut transaction = Transaction::default();
        self.change_leased_mail(&mut transaction, mail, change);
        self.commit(transaction).await
    }

    /// Changes a mail on condition that its lease is still the one that `mail` names.
    pub(crate) fn change_leased_mail(&self, transaction: &mut Transaction, mail: &Mail, change: Expression) {
        let change = change
            .name("#status", "status")
            .value(":leased", text(MailStatus::Leased.as_str()))
            .value(":lease", text(mail.lease.to_string()));
        let place = key::mail(mail.user_id, mail.mail_id);
        transaction.update(self, place, change, "#status = :leased AND lease = :lease", Refusal::LostRace);
    }

    /// Makes the item of a mail, in the `due` index for when the run that claims it leaves it unmarked.
    pub(crate) fn mail_item(&self, mail: &Mail) -> Item {
        let mut item = encode(key::mail(mail.user_id, mail.mail_id), mail);
        let shard = key::due_shard(mail.organization_id, self.settings.due_shards);
        item.insert("due_shard".to_owned(), text(shard));
        item.insert("due_at".to_owned(), number(mail.due_again(mail.created_at).seconds()));
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

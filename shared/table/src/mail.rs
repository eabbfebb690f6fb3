//! Mails: the record of what one mail announces, and the lease of the run that sends it.

use domain::{
    Time,
    id::{OrganizationId, UserId},
    inbox::Message,
    notice::Announcement,
    notification::Notification,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;
use ulid::Ulid;

use crate::{
    ChangeRecords, DueRecord, Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{Item, encode, number, text},
    item_key::{self, ItemKey},
};

/// Seconds for which finished mails are kept.
const RETENTION: i64 = 30 * 86_400;

/// Seconds until a mail is due again: after the first run, and at most. Counted in the event's time.
const BACK_OFF: (i64, i64) = (300, 6 * 3_600);

/// The status of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// A run leases it, or leased it and ended without marking it. It is sent again after the lease.
    Leased,
    /// SES accepted it.
    Sent,
    /// It will never be sent: it was rejected for good, or it has nothing left to announce.
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

/// A mail to one user: its claimed announcements and messages, and the lease to send it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mail {
    /// The id.
    pub mail_id: Ulid,
    /// The recipient.
    pub user_id: UserId,
    /// The recipient's organization.
    pub organization_id: OrganizationId,
    /// Its status.
    pub status: MailStatus,
    /// Identifies the lease. Only the run that knows it may send and mark the mail.
    pub lease: Ulid,
    /// When another run may take the lease, by the clock.
    pub lease_ends_at: Time,
    /// How many later runs took it over. Each time it waits twice as long.
    #[serde(default)]
    pub attempts: u32,
    /// The announced expiries.
    pub announcements: Vec<Announcement>,
    /// The messages, as worded at the time of each change.
    pub messages: Vec<Message>,
    /// The time of the run that claimed it.
    pub created_at: Time,
}

impl Mail {
    /// Makes an empty mail. The first claim stores it.
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

    /// Tells whether the mail is stored: a claim was made for it.
    #[must_use]
    pub const fn is_stored(&self) -> bool {
        !self.announcements.is_empty() || !self.messages.is_empty()
    }

    /// Tells whether the lease has ended at `now` and the mail is still unmarked.
    #[must_use]
    pub fn is_unfinished(&self, now: Time) -> bool {
        self.status == MailStatus::Leased && self.lease_ends_at <= now
    }

    /// Returns when the mail is due again if a run of `now` leaves it unmarked.
    const fn due_again(&self, now: Time) -> Time {
        due_again(self.attempts, now)
    }
}

/// Returns when a mail is due again that a run of `now` attempts, after so many attempts before.
pub(crate) const fn due_again(attempts: u32, now: Time) -> Time {
    let (first, most) = BACK_OFF;
    // Ten doublings exceed the maximum and cannot overflow.
    let doublings = if attempts < 10 { attempts } else { 10 };
    let wait = first << doublings;
    now.plus(if wait < most { wait } else { most })
}

impl DueRecord for Mail {
    type Place = (UserId, Ulid);

    const NAME: &'static str = "mail";

    fn key_of((user_id, id): Self::Place) -> ItemKey {
        item_key::mail(user_id, id)
    }
}

impl Table {
    /// Takes over the lease of a mail, from the state in which it was read. The old lease has ended by the
    /// clock.
    ///
    /// The time until the mail is due again doubles, so that a mail that always fails does not hold up
    /// others. Fails with [`Error::Conflict`] if another run took it, or marked the
    /// mail, meanwhile.
    ///
    /// Model: `notices::Action::TakeOver`, `digests::Action::TakeOver`.
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
        let mut transaction = Transaction::new(self);
        transaction.change_leased_mail(mail, change);
        transaction.commit().await?;
        *mail = taken;
        Ok(())
    }

    /// Marks a leased mail, so that no run sends it again, and notifies of that.
    ///
    /// Fails with [`Error::Conflict`] if another run took the lease meanwhile.
    ///
    /// Model: `notices::Action::Mark`, `digests::Action::Mark`.
    pub async fn mark_mail(
        &self,
        mail: &Mail,
        status: MailStatus,
        notifications: &[Notification],
        now: Time,
    ) -> Result<(), Error> {
        let change = Expression::new("SET #status = :status, #ttl = :ttl REMOVE due_shard, due_at")
            .name("#status", "status")
            .name("#ttl", "ttl")
            .value(":status", text(status.as_str()))
            .value(":ttl", number(now.plus(RETENTION).seconds()));
        let mut transaction = Transaction::with(self, ChangeRecords::of(&[]).notifying(notifications));
        transaction.change_leased_mail(mail, change);
        transaction.commit().await
    }

    /// Makes the item of a mail. The `due` index brings it back if its run leaves it unmarked.
    fn mail_item(&self, mail: &Mail) -> Item {
        let mut item = encode(item_key::mail(mail.user_id, mail.mail_id), mail);
        self.due_from(&mut item, mail.organization_id, mail.due_again(mail.created_at));
        item
    }
}

impl Transaction<'_> {
    /// Adds announcements and messages to a mail: stores an empty one, changes a stored one on condition
    /// of its lease.
    pub(crate) fn add_to_mail(&mut self, mail: &Mail, announcements: &[Announcement], messages: &[Message]) {
        if mail.is_stored() {
            const MAPS: &str = "announcements and messages are maps with text keys";
            let change = Expression::new(
                "SET announcements = list_append(announcements, :announcements), messages = list_append(messages, :messages)",
            )
            .value(":announcements", to_attribute_value(announcements).expect(MAPS))
            .value(":messages", to_attribute_value(messages).expect(MAPS));
            self.change_leased_mail(mail, change);
        } else {
            let (announcements, messages) = (announcements.to_vec(), messages.to_vec());
            let stored = Mail { announcements, messages, ..mail.clone() };
            self.create(self.table.mail_item(&stored), OnConditionFailed::Conflict);
        }
    }

    /// Changes a mail on condition that its lease is still the one that `mail` names.
    pub(crate) fn change_leased_mail(&mut self, mail: &Mail, change: Expression) {
        let leased = Expression::new("#status = :leased AND lease = :lease")
            .name("#status", "status")
            .value(":leased", text(MailStatus::Leased.as_str()))
            .value(":lease", text(mail.lease.to_string()));
        let key = item_key::mail(mail.user_id, mail.mail_id);
        self.update(key, change, leased, OnConditionFailed::Conflict);
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
    fn a_mail_is_unfinished_from_the_end_of_its_lease_on_until_it_is_marked() {
        let now = Time::from_seconds(1_000);
        let mut mail = Mail::new(UserId::random(), OrganizationId::random(), now, now);
        let unfinished = [999, 1_000].map(|at| mail.is_unfinished(Time::from_seconds(at)));
        assert_eq!(unfinished, [false, true]);
        mail.status = MailStatus::Sent;
        assert!(!mail.is_unfinished(now));
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

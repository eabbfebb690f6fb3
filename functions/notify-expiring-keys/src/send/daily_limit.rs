//! Keeps each organization within its mails of a UTC day to addresses that no sign-in proved.

use std::{cell::Cell, collections::HashMap};

use domain::id::OrganizationId;
use futures_util::{StreamExt as _, stream};

use super::delivery::{CONCURRENCY, Delivery};
use crate::{
    address::MailAddress,
    directory::{Directory, Lookup},
    plan::{digest::Digest, turns::Outgoing},
    run::{Run, table_step},
    settings::Notifier,
};

/// What a run has reserved for its organizations.
///
/// An organization without a reservation could not be counted: its mails stay due.
#[derive(Debug, Default)]
pub(crate) struct DailyLimit(HashMap<OrganizationId, Cell<u32>>);

/// Whether the limit lets the mail of a digest pass.
#[derive(Debug)]
pub(super) enum Admission<'a> {
    /// The mail does not count.
    Unlimited,
    /// The mail counts, and is reserved.
    Reserved(ReservedMail<'a>),
    /// The reserved mails are used up.
    Refused,
    /// The day's mails are unknown.
    Unknown,
}

/// A mail of the day. Dropping it unused returns it.
#[derive(Debug)]
pub(super) struct ReservedMail<'a>(&'a Cell<u32>);

impl DailyLimit {
    /// Reserves as many mails as the organizations have that count, or as many as are left of the day.
    pub(super) async fn reserve(delivery: &Delivery<'_>, all: &[Outgoing]) -> Self {
        let mut wanted: HashMap<OrganizationId, u32> = HashMap::new();
        for outgoing in all {
            if let Outgoing::Digest(digest) = outgoing
                && let Some(organization_id) = counted(delivery.directory, digest)
            {
                *wanted.entry(organization_id).or_default() += 1;
            }
        }
        let reserving =
            wanted.into_iter().map(|(organization_id, count)| reserve(delivery, organization_id, count));
        let reserved: Vec<_> = stream::iter(reserving).buffer_unordered(CONCURRENCY).collect().await;
        Self(reserved.into_iter().flatten().collect())
    }

    /// Takes one of the reserved mails for a digest, if its mail counts.
    pub(super) fn admit(&self, directory: &Directory<'_>, digest: &Digest) -> Admission<'_> {
        let Some(organization_id) = counted(directory, digest) else { return Admission::Unlimited };
        match self.0.get(&organization_id) {
            None => Admission::Unknown,
            Some(left) if left.get() == 0 => Admission::Refused,
            Some(left) => {
                left.set(left.get() - 1);
                Admission::Reserved(ReservedMail::new(left))
            }
        }
    }

    /// Returns whether a reserved mail of a digest's organization is left.
    pub(super) fn has_rest(&self, digest: &Digest) -> bool {
        let reserved = digest.organization_id().and_then(|organization_id| self.0.get(&organization_id));
        reserved.is_some_and(|left| left.get() > 0)
    }

    /// Returns what the run reserved and did not use. What cannot be returned counts as sent.
    pub(crate) async fn return_rest(&self, run: &Run, notifier: &Notifier) {
        let give_back = async |(organization_id, left): (OrganizationId, u32)| {
            let returned = notifier.app.table.return_mails(organization_id, left, run.now);
            if let Err(error) = table_step(returned).await {
                run.record_failure(1, "return the mails of a day that were not sent", &error);
            }
        };
        stream::iter(self.rest()).for_each_concurrent(CONCURRENCY, give_back).await;
    }

    /// Returns the organizations that have reserved mails left, and how many.
    fn rest(&self) -> impl Iterator<Item = (OrganizationId, u32)> {
        let left = self.0.iter().map(|(organization_id, left)| (*organization_id, left.get()));
        left.filter(|(_, left)| *left > 0)
    }
}

impl<'a> ReservedMail<'a> {
    /// Returns a mail that was taken from those that are left.
    pub(super) const fn new(left: &'a Cell<u32>) -> Self {
        Self(left)
    }

    /// Keeps the mail from being returned: it was sent, or may have been.
    pub(super) fn consume(self) {
        std::mem::forget(self);
    }
}

impl Drop for ReservedMail<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Returns the organization whose mails of the day the mail of a digest counts to: that of a machine with an address
/// of a mail domain, unless the mail tells of a threat.
fn counted(directory: &Directory<'_>, digest: &Digest) -> Option<OrganizationId> {
    let Lookup::Found(user) = directory.user(digest.user_id) else { return None };
    let is_proven = !matches!(directory.mail_address(user), Some(MailAddress::OfDomain(_)));
    if is_proven || !digest.has_mail() || digest.tells_of_threat() { None } else { digest.organization_id() }
}

/// Reserves mails of an organization. `None` if it is unknown how many are left.
async fn reserve(
    delivery: &Delivery<'_>,
    organization_id: OrganizationId,
    wanted: u32,
) -> Option<(OrganizationId, Cell<u32>)> {
    let Delivery { run, notifier, .. } = *delivery;
    if run.time_left().is_zero() {
        return None;
    }
    let limit = notifier.mails_per_organization_and_day.get();
    let reserved = notifier.app.table.reserve_mails(organization_id, wanted, limit, run.now);
    match table_step(reserved).await {
        Ok(reserved) => {
            if reserved < wanted {
                tracing::info!(organization_id = %organization_id, wanted, reserved, "an organization has more mails than are left of the day");
            }
            Some((organization_id, Cell::new(reserved)))
        }
        Err(error) => {
            run.record_failure(1, "reserve the mails of a day", &error);
            None
        }
    }
}

/// Lets the mail of a digest wait for the next day, UTC: moves what is due of it there. No attempt is counted.
pub(super) async fn wait_for_next_day(delivery: &Delivery<'_>, digest: Digest) {
    let Delivery { run, notifier, advances, plan, .. } = *delivery;
    if run.time_left().is_zero() {
        return run.count(|summary| summary.left_over += usize::from(digest.unfinished.is_some()));
    }
    let until = run.now.next_midnight();
    run.count(|summary| summary.waiting += 1);
    for notice in &digest.for_mail {
        if let Some(advance) = notice.record_waiting(until) {
            advances.push(advance).await;
        }
    }
    let mails: Vec<_> = digest.unfinished.into_iter().chain(digest.postponed).collect();
    let postponed = notifier.app.table.postpone(&mails, &digest.messages, until);
    match table_step(postponed).await {
        Ok(()) => plan.record_messages(digest.messages.len()),
        Err(error) => run.record_failure(1, "let a mail wait for the next day", &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reserved_mails_that_were_not_sent_are_returned() {
        let [used_up, left] = [(); 2].map(|()| OrganizationId::random());
        let limit = DailyLimit(HashMap::from([(used_up, Cell::new(0)), (left, Cell::new(1))]));
        assert_eq!(limit.rest().collect::<Vec<_>>(), [(left, 1)]);
    }
}

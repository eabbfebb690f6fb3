//! Step 3, send: claims and sends the notices of each digest.

use std::{cell::RefCell, num::NonZeroU32};

use domain::{
    message::{ExpiringKey, Undeliverable},
    user::User,
};
use futures_util::{StreamExt as _, stream};
use table::Mail;

use crate::{
    directory::Lookup,
    plan::{digest::Digest, turns::Outgoing},
    recipients::active_user,
};

mod claims;
pub(crate) mod daily_limit;
mod delivery;
mod inbox;
mod mail;
mod parting;
mod rate_limit;
mod resume;
pub(crate) mod ses;

use delivery::CONCURRENCY;
pub(crate) use delivery::Delivery;

use claims::{claim_messages, claim_notices};
use daily_limit::{Admission, DailyLimit, wait_for_next_day};
use inbox::fill_inboxes;
use mail::{deliver, mark_empty, mark_undeliverable};
use parting::send_parting_mail;
use rate_limit::{Permit, RateLimiter};
use resume::{NotReclaimed, reclaim};

/// Fills all inboxes, then sends all mails, in the order given, until time or quota run out.
///
/// Returns the mails of the day that it reserved, so that the caller returns those that were not sent.
pub(crate) async fn send(delivery: &Delivery<'_>, all: Vec<Outgoing>, shards: &[u32]) -> DailyLimit {
    fill_inboxes(delivery, &all).await;
    let limiter = &rate_limiter(delivery, &all, shards).await;
    let daily_limit =
        if limiter.is_open() { DailyLimit::reserve(delivery, &all).await } else { DailyLimit::default() };
    let mut open = all;
    while !open.is_empty() {
        let refused = RefCell::new(Vec::new());
        let sending = async |outgoing| match outgoing {
            Outgoing::Digest(digest) => {
                let digest = send_digest(delivery, digest, limiter, &daily_limit).await;
                refused.borrow_mut().extend(digest.err());
            }
            Outgoing::Parting(mail) => match limiter.permit() {
                Some(permit) if permit.ready(delivery.run.time_left()).await => {
                    send_parting_mail(delivery, mail, permit).await;
                }
                _ => delivery.run.count(|summary| summary.left_over += mail.messages.len()),
            },
        };
        stream::iter(open).for_each_concurrent(CONCURRENCY, sending).await;
        // Mails that were reserved and not needed go to the next ones.
        let (again, waiting): (Vec<_>, Vec<_>) =
            refused.into_inner().into_iter().partition(|digest| daily_limit.has_rest(digest));
        let wait = async |digest| wait_for_next_day(delivery, digest).await;
        stream::iter(waiting).for_each_concurrent(CONCURRENCY, wait).await;
        open = again.into_iter().map(Outgoing::Digest).collect();
    }
    daily_limit
}

/// Asks SES for its quota, if there are mails to send. If SES does not answer, no mail is sent.
async fn rate_limiter(delivery: &Delivery<'_>, all: &[Outgoing], shards: &[u32]) -> RateLimiter {
    if !all.iter().any(Outgoing::has_mail) {
        return RateLimiter::closed();
    }
    match delivery.notifier.mailer.quota().await {
        Ok(quota) => RateLimiter::new(quota, share_of_rate(shards, delivery.notifier.app.table.due_shards())),
        Err(error) => {
            delivery.run.record_failure(1, "ask how much may be mailed", &error);
            RateLimiter::closed()
        }
    }
}

/// Returns this run's share of the rate: schedules that name different shards run at the same time.
fn share_of_rate(shards: &[u32], shards_of_table: NonZeroU32) -> f64 {
    let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
    f64::from(count) / f64::from(shards_of_table.get())
}

/// Sends the mail of a digest; returns the digest if the day's mails are used up.
async fn send_digest(
    delivery: &Delivery<'_>,
    digest: Digest,
    limiter: &RateLimiter,
    daily_limit: &DailyLimit,
) -> Result<(), Digest> {
    // Taken first, so that the rest of the day's mails and of the quota goes to the most urgent digests.
    let permit = match daily_limit.admit(delivery.directory, &digest) {
        Admission::Refused => return Err(digest),
        Admission::Reserved(mail) => limiter.permit().map(|permit| permit.with(mail)),
        Admission::Unlimited if digest.has_mail() => limiter.permit(),
        Admission::Unlimited | Admission::Unknown => None,
    };
    match permit {
        Some(permit) if permit.ready(delivery.run.time_left()).await => {
            send_mail(delivery, digest, permit).await;
        }
        _ => delivery.run.count(|summary| summary.left_over += usize::from(digest.unfinished.is_some())),
    }
    Ok(())
}

/// Claims the new notices and messages for one mail, the unfinished one if there is one, and sends it.
async fn send_mail(delivery: &Delivery<'_>, mut digest: Digest, permit: Permit<'_>) {
    let Delivery { run, directory, .. } = *delivery;
    let unfinished = match digest.unfinished.take() {
        None => None,
        Some(mail) => match reclaim(delivery, mail).await {
            Ok(reclaimed) => reclaimed,
            // Nobody claimed the new notices: they stay due.
            Err(NotReclaimed) => return,
        },
    };
    let new = || Some((new_mail(delivery, &digest)?, Vec::new()));
    let Some((mut mail, mut keys)) = unfinished.or_else(new) else { return };
    // After a failure it is unknown whether the last claims were made. A later run reads the mail's claims.
    if let Err(error) = claim_notices(delivery, &digest.for_mail, &mut mail, &mut keys).await {
        return run.record_failure(1, "claim the notices of a mail", &error);
    }
    if let Err(error) = claim_messages(delivery, digest.messages, &mut mail).await {
        return run.record_failure(1, "claim the messages of a mail", &error);
    }
    keys.sort_by_key(|key: &ExpiringKey| (key.expires_at, key.key_id));
    let is_empty = keys.is_empty() && mail.messages.is_empty();
    match directory.user(mail.user_id) {
        Lookup::Found(recipient) if is_member(recipient, &mail) && !is_empty => {
            match directory.mail_address(recipient) {
                Some(address) => deliver(delivery, &mail, recipient, address, &keys, permit).await,
                None => {
                    mark_undeliverable(delivery, &mail, recipient, &keys, &Undeliverable::NotProven).await;
                }
            }
        }
        Lookup::Unavailable => run.count(|summary| summary.failed += 1),
        Lookup::Found(_) | Lookup::Missing if mail.is_stored() => mark_empty(delivery, &mail).await,
        Lookup::Found(_) | Lookup::Missing => {}
    }
}

/// Tells whether the recipient of a mail is an active member of the mail's organization.
fn is_member(recipient: &User, mail: &Mail) -> bool {
    active_user(Some(recipient)).is_some_and(|user| user.organization_id == mail.organization_id)
}

/// Starts a mail; `None` if the digest has no new notice or message for it.
fn new_mail(delivery: &Delivery<'_>, digest: &Digest) -> Option<Mail> {
    let of_notices = digest.for_mail.first().map(|notice| notice.organization_id);
    let of_messages = digest.messages.first().map(|waiting| waiting.organization_id);
    let Delivery { run, .. } = *delivery;
    Some(Mail::new(digest.user_id, of_notices.or(of_messages)?, run.lease_ends_at(), run.now))
}

#[cfg(test)]
mod tests {
    use domain::{
        Time,
        id::OrganizationId,
        user::{Kind, Status},
    };

    use super::*;

    #[test]
    fn runs_of_single_shards_share_the_rate() {
        let four = NonZeroU32::new(4).unwrap();
        for (shards, percent) in [(&[3][..], 25.0), (&[0, 1], 50.0), (&[0, 1, 2, 3], 100.0)] {
            assert!((share_of_rate(shards, four) * 100.0 - percent).abs() < 0.1, "{shards:?}");
        }
    }

    #[test]
    fn an_active_user_of_the_mails_organization_gets_it() {
        let (now, name) = (Time::from_seconds(1_000), "Carol".to_owned().try_into().unwrap());
        let mut user = User::new(OrganizationId::random(), Kind::Normal, name, None, now);
        let mail = |organization_id| Mail::new(user.user_id, organization_id, now, now);
        let (own, other) = (mail(user.organization_id), mail(OrganizationId::random()));
        assert_eq!((is_member(&user, &own), is_member(&user, &other)), (true, false));
        user.status = Status::Suspended;
        assert!(!is_member(&user, &own));
    }
}

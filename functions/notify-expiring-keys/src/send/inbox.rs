//! Puts notices in inboxes.

use std::{rc::Rc, time::Duration};

use domain::inbox::Message;
use futures_util::{StreamExt as _, stream};
use table::{Claim, Error, MAX_CLAIMS};

use super::delivery::{CONCURRENCY, Delivery};
use crate::{
    plan::{digest::Digest, due_notice::DueNotice, turns::Outgoing},
    run::table_step,
};

/// Puts the notices of all digests in inboxes, in the order given.
///
/// It comes before all mails, so that no inbox waits for the rate or the quota of SES. Half of the run's time is left
/// for the mails.
pub(super) async fn fill_inboxes(delivery: &Delivery<'_>, all: &[Outgoing]) {
    let ends_at = delivery.run.time_left() / 2;
    let fill = async |outgoing: &Outgoing| {
        if let Outgoing::Digest(digest) = outgoing {
            fill_inbox(delivery, digest, ends_at).await;
        }
    };
    stream::iter(all).for_each_concurrent(CONCURRENCY, fill).await;
}

/// Puts the notices of a digest in the recipient's inbox, until so much of the run's time is left.
///
/// Each message is stored together with its claim. A notice that fails here stays due.
async fn fill_inbox(delivery: &Delivery<'_>, digest: &Digest, ends_at: Duration) {
    let Delivery { run, advances, plan, .. } = *delivery;
    for batch in digest.for_inbox.chunks(MAX_CLAIMS) {
        let _turn = plan.lock_claims(batch).await;
        if !run.has_more_time_than(ends_at) {
            return;
        }
        match table_step(claim(delivery, digest, batch)).await {
            Ok(claims) => {
                for (notice, claim) in batch.iter().zip(claims) {
                    if let Some(advance) = notice.record_claim_of(run, claim) {
                        advances.push(advance).await;
                    }
                }
            }
            Err(error) => run.record_failure(1, "put notices in an inbox", &error),
        }
    }
}

/// Claims the notices that the inbox does not hold yet. Those of a key that stays due for its mails are in the inbox
/// already.
async fn claim(
    delivery: &Delivery<'_>,
    digest: &Digest,
    batch: &[Rc<DueNotice>],
) -> Result<Vec<Claim>, Error> {
    let Delivery { run, notifier, .. } = *delivery;
    let table = &notifier.app.table;
    let announcements: Vec<_> = batch.iter().map(|notice| notice.announcement).collect();
    let unclaimed = table.unclaimed_in_inbox(digest.user_id, &announcements).await?;
    let new = batch.iter().filter(|notice| unclaimed.contains(&notice.announcement));
    let wanted: Vec<_> =
        new.map(|notice| (notice.announcement, Message::key_expires(run.now, &notice.key))).collect();
    let mut made = table.claim_in_inbox(digest.user_id, &wanted).await?.into_iter();
    let outcome = |announcement| {
        let made = unclaimed.contains(announcement).then(|| made.next()).flatten();
        made.unwrap_or(Claim::MadeBefore)
    };
    Ok(announcements.iter().map(outcome).collect())
}

//! Puts notices in inboxes.

use domain::inbox::Message;
use table::MAX_CLAIMS;

use super::delivery::Delivery;
use crate::{plan::digest::Digest, run::table_step};

/// Puts the notices of a digest in the recipient's inbox, while time allows.
///
/// Each message is stored together with its claim. A notice that fails here stays due.
pub(super) async fn notify(delivery: &Delivery<'_>, digest: &Digest) {
    let Delivery { run, notifier, advances, plan, .. } = *delivery;
    for batch in digest.for_inbox.chunks(MAX_CLAIMS) {
        let _turn = plan.lock_claims(batch).await;
        if run.time_left().is_zero() {
            return;
        }
        let wanted: Vec<_> = batch
            .iter()
            .map(|notice| (notice.announcement, Message::key_expires(run.now, &notice.key)))
            .collect();
        match table_step(notifier.app.table.claim_in_inbox(digest.user_id, &wanted)).await {
            Ok(claims) => {
                for (notice, claim) in batch.iter().zip(claims) {
                    if let Some(advance) = notice.record_claim(claim) {
                        advances.push(advance).await;
                    }
                }
            }
            Err(error) => run.record_failure(1, "put notices in an inbox", &error),
        }
    }
}

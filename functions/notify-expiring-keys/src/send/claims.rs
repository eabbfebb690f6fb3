//! Claims notices and messages for a mail.

use std::rc::Rc;

use domain::{message::ExpiringKey, notice::Announcement};
use table::{Claim, Error, MAX_CLAIMS, MAX_MESSAGES, Mail, OutboxMessage};

use super::delivery::Delivery;
use crate::{plan::due_notice::DueNotice, run::table_step};

/// The most keys in one mail: it stays readable, and far below the size limit of an item.
pub(super) const MAX_KEYS: usize = 1_000;

/// Claims notices for a mail, as many as time and size allow.
///
/// Afterwards `keys` holds the keys that the mail names: a key whose notice is obsolete, or belongs to
/// another mail, is removed.
pub(super) async fn claim_notices(
    delivery: &Delivery<'_>,
    notices: &[Rc<DueNotice>],
    mail: &mut Mail,
    keys: &mut Vec<ExpiringKey>,
) -> Result<(), Error> {
    let table = &delivery.notifier.app.table;
    let (notices, beyond) = split_full(notices, mail.announcements.len());
    for notice in beyond {
        notice.record_full_mail();
    }
    for batch in notices.chunks(MAX_CLAIMS) {
        let _turn = delivery.plan.lock_claims(batch).await;
        if delivery.run.time_left().is_zero() {
            break;
        }
        let wanted: Vec<_> = batch.iter().map(|notice| notice.announcement).collect();
        for (notice, claim) in batch.iter().zip(table_step(table.claim(mail, &wanted)).await?) {
            let is_same = |key: &ExpiringKey| {
                (key.key_id, key.expires_at) == (notice.key.key_id, notice.key.expires_at)
            };
            match claim {
                Claim::Made => {
                    keys.retain(|key| !is_same(key));
                    keys.push(notice.key.clone());
                }
                Claim::MadeBefore if announces(mail, &notice.announcement) => {}
                Claim::MadeBefore | Claim::Obsolete => keys.retain(|key| !is_same(key)),
            }
            if let Some(advance) = notice.record_claim_of(delivery.run, claim) {
                delivery.advances.push(advance).await;
            }
        }
    }
    Ok(())
}

/// Splits off the notices for which a mail has no room that announces so many keys already.
fn split_full<T>(notices: &[T], announced: usize) -> (&[T], &[T]) {
    notices.split_at(notices.len().min(MAX_KEYS.saturating_sub(announced)))
}

/// Returns whether a mail announces this expiry at the same stage or a narrower one.
fn announces(mail: &Mail, wanted: &Announcement) -> bool {
    mail.announcements.iter().any(|announced| {
        (announced.key_id, announced.expires_at) == (wanted.key_id, wanted.expires_at)
            && announced.stage <= wanted.stage
    })
}

/// Moves messages from the outbox into the mail, as many as time and size allow.
pub(super) async fn claim_messages(
    delivery: &Delivery<'_>,
    messages: Vec<OutboxMessage>,
    mail: &mut Mail,
) -> Result<(), Error> {
    let most = MAX_MESSAGES.saturating_sub(mail.messages.len());
    delivery.plan.record_full_mail(messages.len().saturating_sub(most));
    let wanted: Vec<_> = messages.into_iter().map(|waiting| waiting.message).take(most).collect();
    if wanted.is_empty() || delivery.run.time_left().is_zero() {
        return Ok(());
    }
    let count = wanted.len();
    table_step(delivery.notifier.app.table.claim_outbox_messages(mail, wanted)).await?;
    delivery.plan.record_messages(count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::{
        Time,
        id::{KeyId, OrganizationId, UserId},
    };

    use super::*;

    #[test]
    fn a_mail_has_room_for_a_thousand_keys() {
        let notices = [0; 1_500];
        for (announced, expected) in [(0, 1_000), (999, 1), (1_000, 0), (1_001, 0)] {
            let (fitting, beyond) = split_full(&notices, announced);
            assert_eq!((fitting.len(), beyond.len()), (expected, 1_500 - expected), "{announced}");
        }
        assert_eq!(split_full(&notices[..3], 0).0.len(), 3);
    }

    #[test]
    fn a_mail_announces_its_expiries_at_their_stages_and_wider_ones() {
        let (now, expires_at) = (Time::from_seconds(1_000), Time::from_seconds(9_000));
        let announced = Announcement { key_id: KeyId::random(), expires_at, stage: 7 };
        let mut mail = Mail::new(UserId::random(), OrganizationId::random(), now, now);
        mail.announcements.push(announced);
        for (wanted, is_announced) in [
            (announced, true),
            (Announcement { stage: 30, ..announced }, true),
            (Announcement { stage: 2, ..announced }, false),
            (Announcement { key_id: KeyId::random(), ..announced }, false),
            (Announcement { expires_at: now, ..announced }, false),
        ] {
            assert_eq!(announces(&mail, &wanted), is_announced, "{wanted:?}");
        }
    }
}

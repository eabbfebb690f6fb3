//! Resumes a mail that an earlier run left unfinished.

use std::collections::HashSet;

use domain::{
    id::KeyId,
    message::ExpiringKey,
    notice::{Announcement, due_stage},
    user::{Status, User},
};
use table::{Claim, DueKey, Error, MAX_CLAIMS, Mail};

use super::{claims::MAX_KEYS, delivery::Delivery};
use crate::{collect::due_keys::BATCH_SIZE, directory::Lookup, run::table_step};

/// Another run has the mail, or may have it, or no time is left for it.
pub(super) struct NotReclaimed;

/// Takes the lease of an unfinished mail, and reads the keys that it names.
///
/// `None` if the keys cannot be read: the mail then waits, and new notices do not wait for it.
pub(super) async fn reclaim(
    delivery: &Delivery<'_>,
    mut mail: Mail,
) -> Result<Option<(Mail, Vec<ExpiringKey>)>, NotReclaimed> {
    let run = delivery.run;
    let table = &delivery.notifier.app.table;
    match table_step(table.take_over_mail(&mut mail, run.lease_ends_at(), run.now)).await {
        Ok(()) => {}
        Err(Error::Conflict) => return Err(NotReclaimed),
        Err(error) => {
            run.record_failure(1, "take the lease of an unfinished mail", &error);
            return Err(NotReclaimed);
        }
    }
    match load_keys(delivery, &mail).await {
        Ok(keys) => {
            let lines = claim_passed_stages(delivery, &mut mail, keys).await?;
            Ok(Some((mail, lines)))
        }
        Err(error) => {
            run.record_failure(1, "read the keys of an unfinished mail", &error);
            Ok(None)
        }
    }
}

/// A key that a mail names.
struct NamedKey {
    line: ExpiringKey,
    /// The stage that is due by now, if it is narrower than the one that the mail announces.
    passed: Option<Announcement>,
}

/// Claims for a mail the stages that have passed while it waited, so that nobody is notified of them again, whether or
/// not a notice of the key is at hand. Returns the lines of the keys whose stage no other mail has.
///
/// A mail that is full claims no more: the stages stay due.
async fn claim_passed_stages(
    delivery: &Delivery<'_>,
    mail: &mut Mail,
    keys: Vec<NamedKey>,
) -> Result<Vec<ExpiringKey>, NotReclaimed> {
    let run = delivery.run;
    let room = MAX_KEYS.saturating_sub(mail.announcements.len());
    let (mut lines, passed) = split_passed(keys, room);
    for batch in passed.chunks(MAX_CLAIMS) {
        let _turn = delivery.plan.lock_organization(mail.organization_id).await;
        if run.time_left().is_zero() {
            run.count(|summary| summary.left_over += 1);
            return Err(NotReclaimed);
        }
        let wanted: Vec<_> = batch.iter().map(|(stage, _)| *stage).collect();
        match table_step(delivery.notifier.app.table.claim(mail, &wanted)).await {
            Ok(claims) => {
                let claimed = batch.iter().zip(claims).filter(|(_, claim)| *claim == Claim::Made);
                lines.extend(claimed.map(|((_, line), _)| line.clone()));
            }
            Err(error) => {
                // A later run reads the mail's claims.
                run.record_failure(1, "claim the stages that have passed", &error);
                return Err(NotReclaimed);
            }
        }
    }
    Ok(lines)
}

/// Splits off the first `room` keys whose narrower stage has passed, each with that stage. The others come first.
fn split_passed(keys: Vec<NamedKey>, room: usize) -> (Vec<ExpiringKey>, Vec<(Announcement, ExpiringKey)>) {
    let (mut others, mut passed) = (Vec::with_capacity(keys.len()), Vec::new());
    for NamedKey { line, passed: stage } in keys {
        match stage {
            Some(stage) if passed.len() < room => passed.push((stage, line)),
            _ => others.push(line),
        }
    }
    (others, passed)
}

/// Reads the keys of a mail whose announcements are still true.
///
/// Fails if any item cannot be read, so that a notice is never dropped by mistake.
async fn load_keys(delivery: &Delivery<'_>, mail: &Mail) -> Result<Vec<NamedKey>, Unreadable> {
    table_step(async { Ok(read_keys(delivery, mail).await) }).await?
}

async fn read_keys(delivery: &Delivery<'_>, mail: &Mail) -> Result<Vec<NamedKey>, Unreadable> {
    let app = &delivery.notifier.app;
    let organization = match delivery.directory.organization(mail.organization_id) {
        Lookup::Found(organization) => organization,
        Lookup::Missing => return Ok(Vec::new()),
        Lookup::Unavailable => return Err(Unreadable::Organization),
    };
    let announcements = app.table.current_announcements(mail).await?;
    let mut seen = HashSet::new();
    let key_ids: Vec<KeyId> =
        announcements.iter().map(|one| one.key_id).filter(|key_id| seen.insert(*key_id)).collect();
    let mut keys = Vec::with_capacity(key_ids.len());
    for batch in key_ids.chunks(BATCH_SIZE) {
        for found in app.table.due_keys(batch).await?.into_values() {
            let found = found?;
            let Some(user) = present_user(&found) else { continue };
            let narrowest =
                announcements.iter().filter(|one| is_true(one, &found)).min_by_key(|one| one.stage);
            if let Some(announcement) = narrowest {
                let expires_at = announcement.expires_at;
                let line = ExpiringKey::new(&found.key, expires_at, user, organization, &app.key_prefix);
                let due = due_stage(&organization.policy.notices, &found.key, delivery.run.now);
                let passed = due.filter(|stage| *stage < announcement.stage);
                let passed = passed.map(|stage| Announcement { stage, ..*announcement });
                keys.push(NamedKey { line, passed });
            }
        }
    }
    Ok(keys)
}

/// Returns the user of a key, unless deleted. What was claimed before the user was suspended is still true.
fn present_user(found: &DueKey) -> Option<&User> {
    found.user.as_ref().filter(|user| user.status != Status::Deleted)
}

fn is_true(announcement: &Announcement, found: &DueKey) -> bool {
    announcement.key_id == found.key.key_id
        && found.key.expires_at == Some(announcement.expires_at)
        && found.key.revoked_at.is_none()
}

/// A mail's keys cannot be read. The mail stays leased.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    /// The directory has logged the reason.
    #[error("the organization cannot be read")]
    Organization,
    /// A key, or its user.
    #[error(transparent)]
    Key(#[from] Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::due_notice::tests::due_notice;

    #[test]
    fn no_more_stages_are_claimed_than_the_mail_has_room_for() {
        let key = |has_passed: bool| {
            let notice = due_notice(100, &[]);
            let passed = has_passed.then_some(notice.announcement);
            NamedKey { line: notice.key, passed }
        };
        for (room, expected) in [(0, vec![]), (1, vec![0]), (2, vec![0, 2]), (3, vec![0, 2])] {
            let keys = vec![key(true), key(false), key(true)];
            let ids: Vec<_> = keys.iter().map(|key| key.line.key_id).collect();
            let (others, passed) = split_passed(keys, room);
            let positions = |found: &ExpiringKey| ids.iter().position(|id| *id == found.key_id).unwrap();
            assert_eq!(passed.iter().map(|(_, key)| positions(key)).collect::<Vec<_>>(), expected, "{room}");
            assert_eq!(others.len() + passed.len(), 3);
        }
    }
}

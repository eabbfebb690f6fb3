//! Reads the due keys, and makes a notice of each that has one.

use api::app::App;
use domain::{Time, id::KeyId, notice::next_due, organization::Status};
use table::{Advance, DueKey, Error, Table};

use super::{
    decision::{Decision, candidates_of, decide},
    expiry_events::record_expiry,
};
use crate::{
    advances::AdvanceQueue,
    directory::{Directory, Lookup},
    plan::due_notice::DueNotice,
    recipients::active_user,
    run::{Run, table_step},
};

/// The number of keys that are read together, with their users.
pub(crate) const BATCH_SIZE: usize = 50;

/// Reads the due keys, and decides on a notice of each.
///
/// First each due stage becomes a lifecycle event. A key for which that fails stays due, and so do its notices.
///
/// Keys without a notice advance to their next one. Keys that cannot be read stay due, as do keys with a
/// candidate who cannot be read.
pub(crate) async fn load_due_keys(
    run: &Run,
    app: &App,
    directory: &mut Directory<'_>,
    advances: &AdvanceQueue<'_>,
    due: &[(KeyId, Time)],
) -> Vec<DueNotice> {
    run.count(|summary| summary.due += due.len());
    let mut notices = Vec::new();
    for (number, batch) in due.chunks(BATCH_SIZE).enumerate() {
        if run.time_left().is_zero() {
            run.count(|summary| summary.left_over += due.len() - number * BATCH_SIZE);
            break;
        }
        match table_step(read(&app.table, directory, batch)).await {
            Ok(read) => {
                run.count(|summary| summary.skipped += batch.len() - read.keys.len() - read.damaged.len());
                for error in read.damaged {
                    run.record_failure(1, "read a due key", &error);
                }
                let unrecorded = record_expiry(run, &app.table, directory, &read.keys).await;
                let recorded = |(_, found): &(Time, DueKey)| !unrecorded.contains(&found.key.key_id);
                for (due_at, found) in read.keys.into_iter().filter(recorded) {
                    notices.extend(notice_of(run, app, directory, advances, (due_at, found)).await);
                }
            }
            Err(error) => run.record_failure(batch.len(), "read due keys", &error),
        }
    }
    notices
}

/// A batch of keys.
pub(super) struct Batch {
    /// The keys that could be read, each with the time since which it is due.
    pub(super) keys: Vec<(Time, DueKey)>,
    /// The errors of the keys that could not be read.
    pub(super) damaged: Vec<Error>,
}

/// Reads keys, and into the directory their organizations and candidates.
pub(super) async fn read(
    table: &Table,
    directory: &mut Directory<'_>,
    batch: &[(KeyId, Time)],
) -> Result<Batch, Error> {
    let key_ids: Vec<_> = batch.iter().map(|(key_id, _)| *key_id).collect();
    let mut read = table.due_keys(&key_ids).await?;
    let (mut keys, mut damaged) = (Vec::with_capacity(read.len()), Vec::new());
    for (key_id, due_at) in batch {
        match read.remove(key_id) {
            Some(Ok(key)) => keys.push((*due_at, key)),
            Some(Err(error)) => damaged.push(error),
            None => {}
        }
    }
    directory.load_organizations(keys.iter().map(|(_, found)| found.key.organization_id)).await;
    directory.add_users(keys.iter().filter_map(|(_, found)| found.user.clone())).await;
    let candidates: Vec<_> = keys
        .iter()
        .filter_map(|(_, found)| {
            let Lookup::Found(organization) = directory.organization(found.key.organization_id) else {
                return None;
            };
            Some(candidates_of(directory, &found.key, active_user(found.user.as_ref())?, organization))
        })
        .collect();
    directory.load_users(candidates.into_iter().flatten().map(|candidate| candidate.user_id)).await;
    Ok(Batch { keys, damaged })
}

/// Returns the notice of a key, if it has one that can be sent.
async fn notice_of(
    run: &Run,
    app: &App,
    directory: &Directory<'_>,
    advances: &AdvanceQueue<'_>,
    (due_at, found): (Time, DueKey),
) -> Option<DueNotice> {
    let key = &found.key;
    let organization = match directory.organization(key.organization_id) {
        // It is cleaned up with its keys.
        Lookup::Found(organization) if organization.status == Status::Deleted => {
            run.count(|summary| summary.skipped += 1);
            return None;
        }
        Lookup::Found(organization) => organization,
        Lookup::Missing => {
            run.record_failure(1, "find the organization of a key", &MissingOrganization(key.key_id));
            return None;
        }
        Lookup::Unavailable => {
            run.count(|summary| summary.failed += 1);
            return None;
        }
    };
    let next = next_due(&organization.policy.notices, key, run.now);
    // As read with the key. The index lags: a re-arming may set the key back to the time that the index shows, and a
    // condition on that time would then skip a notice.
    let due_at = found.due_at.unwrap_or(due_at);
    let advance = Advance { key_id: key.key_id, expires_at: key.expires_at, due_at, next };
    if organization.status == Status::Suspended {
        // Nobody is notified. When the suspension is lifted, the narrowest stage is made up for.
        run.count(|summary| summary.skipped += 1);
        advances.push(advance).await;
        return None;
    }
    match decide(run.now, &app.key_prefix, directory, &found, organization, advance) {
        Decision::Notify(notice) => {
            run.count(|summary| summary.failed += usize::from(notice.advance.is_none()));
            Some(*notice)
        }
        Decision::Skip => {
            run.count(|summary| summary.skipped += 1);
            advances.push(advance).await;
            None
        }
        Decision::Postpone => {
            run.count(|summary| summary.failed += 1);
            None
        }
    }
}

/// A key names an organization that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("the organization of key {0} is missing")]
struct MissingOrganization(KeyId);

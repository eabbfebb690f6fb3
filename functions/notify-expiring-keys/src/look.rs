use domain::{
    Time,
    id::KeyId,
    notice::{Announcement, due_stage, next_due},
    organization::Organization,
    user::Status,
};
use table::{Advance, DueKey, Error};

use crate::{
    compose::Line,
    recipients::{can_be_told, concerned},
    round::{Entry, Progress, Round},
    run::Run,
};

/// Keys that are read together, with their users.
pub(crate) const WAVE: usize = 50;

/// Reads the due keys and decides what is to be told to whom.
///
/// Keys of which nothing is to be told move on to their next notices.
pub(crate) async fn look(run: &mut Run<'_>, due: &[(KeyId, Time)]) -> Round {
    run.summary.due += due.len();
    let mut entries = Vec::new();
    for (number, wave) in due.chunks(WAVE).enumerate() {
        if run.time_left().is_zero() {
            run.summary.left_over += due.len() - number * WAVE;
            break;
        }
        match look_at(run, wave).await {
            Ok(found) => entries.extend(found),
            Err(error) => run.failed(wave.len(), "read due keys", &error),
        }
    }
    Round::new(entries)
}

async fn look_at(run: &mut Run<'_>, wave: &[(KeyId, Time)]) -> Result<Vec<Entry>, Error> {
    let key_ids: Vec<_> = wave.iter().map(|(key_id, _)| *key_id).collect();
    let found = run.notifier.app.table.due_keys(&key_ids).await?;
    run.summary.skipped += wave.len() - found.len();
    let mut readable = Vec::with_capacity(found.len());
    for found in found {
        match found {
            Ok(found) => readable.push(found),
            Err(error) => run.failed(1, "read a due key", &error),
        }
    }
    read_people(run, &readable).await?;
    let mut entries = Vec::new();
    for found in readable {
        let key_id = found.key.key_id;
        let due_at = wave.iter().find(|(due, _)| *due == key_id).map_or(run.now, |(_, at)| *at);
        let Some(organization) = run.directory.organization(found.key.organization_id) else {
            run.failed(1, "find the organization of a key", &Missing(key_id));
            continue;
        };
        let next = next_due(&organization.policy.notices, &found.key, run.now);
        let advance = Advance { key_id, expires_at: found.key.expires_at, due_at, next };
        match entry(run, &found, organization, advance) {
            Some(entry) => entries.push(entry),
            None => {
                run.summary.skipped += 1;
                run.advance(advance).await;
            }
        }
    }
    Ok(entries)
}

/// Reads the organizations of keys, and those whom the keys concern.
async fn read_people(run: &mut Run<'_>, found: &[DueKey]) -> Result<(), Error> {
    let table = &run.notifier.app.table;
    let directory = &mut run.directory;
    directory.read_organizations(table, found.iter().map(|found| found.key.organization_id)).await?;
    for user in found.iter().filter_map(|found| found.user.clone()) {
        directory.add_user(user);
    }
    let concerned: Vec<_> = found
        .iter()
        .filter_map(|found| {
            let organization = directory.organization(found.key.organization_id)?;
            Some(concerned(&found.key, found.user.as_ref(), organization))
        })
        .collect();
    directory.read_users(table, concerned.into_iter().flatten()).await
}

/// Returns what is to be told of a key; `None` if nothing is, or nobody is there to hear it.
fn entry(run: &Run<'_>, found: &DueKey, organization: &Organization, advance: Advance) -> Option<Entry> {
    let DueKey { key, user } = found;
    if user.as_ref().is_some_and(|user| user.status != Status::Active) {
        return None;
    }
    let stage = due_stage(&organization.policy.notices, key, run.now)?;
    let expires_at = key.expires_at?;
    let organization_id = organization.organization_id;
    let mut recipients = concerned(key, user.as_ref(), organization);
    let hears = |id| run.directory.user(id).is_some_and(|user| can_be_told(user, organization_id));
    recipients.retain(|id| hears(*id));
    if recipients.is_empty() {
        tracing::warn!(key.id = %key.key_id, "nobody has an address to be told of the expiry of a key");
        return None;
    }
    Some(Entry {
        announcement: Announcement { key_id: key.key_id, expires_at, stage },
        organization_id,
        line: Line::new(key, expires_at, user.as_ref(), organization, &run.notifier.app.key_prefix),
        recipients,
        advance,
        progress: Progress::default(),
    })
}

/// A key names an organization that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the organization of key {0} is gone")]
struct Missing(KeyId);

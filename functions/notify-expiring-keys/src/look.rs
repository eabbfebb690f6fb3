use domain::{
    Time,
    id::{KeyId, UserId},
    notice::{Announcement, due_stage, next_due},
    organization::Organization,
};
use table::{Advance, DueKey, Error};

use crate::{
    compose::Line,
    directory::Known,
    recipients::{announced_user, can_be_told, concerned},
    round::{Entry, Progress},
    run::{Run, step},
};

/// Keys that are read together, with their users.
pub(crate) const WAVE: usize = 50;

/// What is to be done for a due key.
enum Finding {
    Tell(Box<Entry>),
    /// Nothing is to be told, or nobody is there to hear it.
    Nothing,
    /// Whom it concerns cannot be read: it stays due.
    Unread,
}

/// Reads the due keys and decides what is to be told to whom.
///
/// Keys of which nothing is to be told move on to their next notices. Keys that cannot be read, or of
/// which somebody whom they concern cannot, stay due.
pub(crate) async fn look(run: &mut Run<'_>, due: &[(KeyId, Time)]) -> Vec<Entry> {
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
    entries
}

async fn look_at(run: &mut Run<'_>, wave: &[(KeyId, Time)]) -> Result<Vec<Entry>, Error> {
    let (readable, damaged) = step(read(run, wave)).await?;
    run.summary.skipped += wave.len() - readable.len() - damaged.len();
    for error in damaged {
        run.failed(1, "read a due key", &error);
    }
    let mut entries = Vec::new();
    for (due_at, found) in readable {
        let organization = match run.directory.organization(found.key.organization_id) {
            Known::There(organization) => organization,
            Known::Gone => {
                run.failed(1, "find the organization of a key", &Missing(found.key.key_id));
                continue;
            }
            Known::Unread => {
                run.summary.failed += 1;
                continue;
            }
        };
        let next = next_due(&organization.policy.notices, &found.key, run.now);
        let advance = Advance { key_id: found.key.key_id, expires_at: found.key.expires_at, due_at, next };
        match judge(run, &found, organization, advance) {
            Finding::Tell(entry) => {
                run.summary.failed += usize::from(entry.advance.is_none());
                entries.push(*entry);
            }
            Finding::Nothing => {
                run.summary.skipped += 1;
                run.advance(advance).await;
            }
            Finding::Unread => run.summary.failed += 1,
        }
    }
    Ok(entries)
}

/// Keys with the instants at which they were due, and what kept the others from being read.
type Readable = (Vec<(Time, DueKey)>, Vec<Error>);

/// Reads keys, their organizations, and those whom the keys concern.
async fn read(run: &mut Run<'_>, wave: &[(KeyId, Time)]) -> Result<Readable, Error> {
    let table = &run.notifier.app.table;
    let key_ids: Vec<_> = wave.iter().map(|(key_id, _)| *key_id).collect();
    let mut read = table.due_keys(&key_ids).await?;
    let (mut found, mut damaged) = (Vec::with_capacity(read.len()), Vec::new());
    for (key_id, due_at) in wave {
        match read.remove(key_id) {
            Some(Ok(key)) => found.push((*due_at, key)),
            Some(Err(error)) => damaged.push(error),
            None => {}
        }
    }
    let directory = &mut run.directory;
    directory.read_organizations(table, found.iter().map(|(_, found)| found.key.organization_id)).await;
    for user in found.iter().filter_map(|(_, found)| found.user.clone()) {
        directory.add_user(user);
    }
    let concerned: Vec<_> = found
        .iter()
        .filter_map(|(_, found)| {
            let Known::There(organization) = directory.organization(found.key.organization_id) else {
                return None;
            };
            Some(concerned(&found.key, announced_user(found.user.as_ref())?, organization))
        })
        .collect();
    directory.read_users(table, concerned.into_iter().flatten()).await;
    Ok((found, damaged))
}

fn judge(run: &Run<'_>, found: &DueKey, organization: &Organization, advance: Advance) -> Finding {
    let key = &found.key;
    let announced = announced_user(found.user.as_ref())
        .zip(due_stage(&organization.policy.notices, key, run.now))
        .zip(key.expires_at);
    let Some(((user, stage), expires_at)) = announced else { return Finding::Nothing };
    let hearers = hearers(run, &concerned(key, user, organization), organization);
    match hearers {
        (recipients, false) if recipients.is_empty() => {
            tracing::warn!(key.id = %key.key_id, "nobody has an address to be told of the expiry of a key");
            Finding::Nothing
        }
        (recipients, true) if recipients.is_empty() => Finding::Unread,
        (recipients, some_unread) => Finding::Tell(Box::new(Entry {
            announcement: Announcement { key_id: key.key_id, expires_at, stage },
            organization_id: organization.organization_id,
            line: Line::new(key, expires_at, user, organization, &run.notifier.app.key_prefix),
            recipients,
            advance: (!some_unread).then_some(advance),
            progress: Progress::default(),
        })),
    }
}

/// Returns those of the concerned who can be told, and whether somebody else cannot be read.
fn hearers(run: &Run<'_>, concerned: &[UserId], organization: &Organization) -> (Vec<UserId>, bool) {
    let mut hearers = Vec::with_capacity(concerned.len());
    let mut some_unread = false;
    for user_id in concerned {
        match run.directory.user(*user_id) {
            Known::There(user) if can_be_told(user, organization.organization_id) => hearers.push(*user_id),
            Known::There(_) | Known::Gone => {}
            Known::Unread => some_unread = true,
        }
    }
    (hearers, some_unread)
}

/// A key names an organization that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the organization of key {0} is gone")]
struct Missing(KeyId);

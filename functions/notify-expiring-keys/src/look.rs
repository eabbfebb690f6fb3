use std::cell::Cell;

use domain::{
    Time,
    id::KeyId,
    inbox::MessageKind,
    notice::{Announcement, due_stage, next_due},
    notification_preferences::Channels,
    organization::Organization,
};
use table::{Advance, DueKey, Error};

use crate::{
    compose::Line,
    directory::Known,
    entry::{Entry, Recipient},
    recipients::{Concerned, announced_user, concerned, reach, ways},
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
    run.count(|summary| summary.due += due.len());
    let mut entries = Vec::new();
    for (number, wave) in due.chunks(WAVE).enumerate() {
        if run.time_left().is_zero() {
            run.count(|summary| summary.left_over += due.len() - number * WAVE);
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
    run.count(|summary| summary.skipped += wave.len() - readable.len() - damaged.len());
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
                run.count(|summary| summary.failed += 1);
                continue;
            }
        };
        let next = next_due(&organization.policy.notices, &found.key, run.now);
        let advance = Advance { key_id: found.key.key_id, expires_at: found.key.expires_at, due_at, next };
        match judge(run, &found, organization, advance) {
            Finding::Tell(entry) => {
                run.count(|summary| summary.failed += usize::from(entry.advance.is_none()));
                entries.push(*entry);
            }
            Finding::Nothing => {
                run.count(|summary| summary.skipped += 1);
                run.advance(advance).await;
            }
            Finding::Unread => run.count(|summary| summary.failed += 1),
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
    directory.read_users(table, concerned.into_iter().flatten().map(|one| one.user_id)).await;
    Ok((found, damaged))
}

fn judge(run: &Run<'_>, found: &DueKey, organization: &Organization, advance: Advance) -> Finding {
    let key = &found.key;
    let announced = announced_user(found.user.as_ref())
        .zip(due_stage(&organization.policy.notices, key, run.now))
        .zip(key.expires_at);
    let Some(((user, stage), expires_at)) = announced else { return Finding::Nothing };
    let event = if expires_at > run.now { MessageKind::KeyExpiring } else { MessageKind::KeyExpired };
    let hearers = hearers(run, &concerned(key, user, organization), event, organization);
    if !hearers.anybody {
        tracing::warn!(key.id = %key.key_id, "nobody can be told of the expiry of a key");
    }
    match hearers {
        Hearers { recipients, some_unread: false, .. } if recipients.is_empty() => Finding::Nothing,
        Hearers { recipients, some_unread: true, .. } if recipients.is_empty() => Finding::Unread,
        Hearers { recipients, some_unread, .. } => Finding::Tell(Box::new(Entry {
            announcement: Announcement { key_id: key.key_id, expires_at, stage },
            event,
            organization_id: organization.organization_id,
            line: Line::new(key, expires_at, user, organization, &run.notifier.app.key_prefix),
            recipients,
            advance: (!some_unread).then_some(advance),
            progress: Cell::default(),
        })),
    }
}

/// Those of the concerned who hear of an expiry.
#[derive(Debug, Default)]
struct Hearers {
    recipients: Vec<Recipient>,
    /// Whether anybody could be told, or may be once they can be read.
    anybody: bool,
    /// Whether somebody cannot be read.
    some_unread: bool,
}

fn hearers(
    run: &Run<'_>,
    concerned: &[Concerned],
    event: MessageKind,
    organization: &Organization,
) -> Hearers {
    let mut hearers = Hearers::default();
    for Concerned { user_id, is_copy } in concerned.iter().copied() {
        match run.directory.user(user_id) {
            Known::There(user) => {
                let organization_id = organization.organization_id;
                let Channels { email, inbox } = ways(user, is_copy, event, organization_id);
                hearers.anybody |= reach(user, organization_id) != Channels { email: false, inbox: false };
                if email || inbox {
                    hearers.recipients.push(Recipient { user_id, by_mail: email, in_inbox: inbox });
                }
            }
            Known::Gone => {}
            Known::Unread => (hearers.anybody, hearers.some_unread) = (true, true),
        }
    }
    hearers
}

/// A key names an organization that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the organization of key {0} is gone")]
struct Missing(KeyId);

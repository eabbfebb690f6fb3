use std::collections::HashSet;

use domain::{id::KeyId, notice::Announcement};
use table::{DueKey, Error, Mail, MailStatus};

use crate::{
    compose::Line,
    directory::Known,
    look::WAVE,
    outbox::Place,
    recipients::announced_user,
    run::{Run, step},
};

/// The most unfinished mails that one run reads: more than it can send, and few enough to read in time.
const MOST_MAILS: usize = 5_000;

/// Mails that are read together: they may be large.
const TOGETHER: usize = 25;

/// Reads the mails that earlier runs claimed and did not mark, and whose leases are over, and into the
/// directory whom they are for.
pub(crate) async fn unfinished(run: &mut Run<'_>, places: &[Place]) -> Vec<Mail> {
    let table = &run.notifier.app.table;
    let mut mails: Vec<Mail> = Vec::new();
    for (number, together) in places.chunks(TOGETHER).enumerate() {
        let done = number * TOGETHER;
        if run.time_left().is_zero() || done >= MOST_MAILS {
            run.count(|summary| summary.left_over += places.len() - done);
            break;
        }
        match step(table.mails(together)).await {
            Ok(found) => {
                for read in found.into_values() {
                    match read {
                        Ok(mail) => mails.extend(is_over(run, &mail).then_some(mail)),
                        Err(error) => run.failed(1, "read an unfinished mail", &error),
                    }
                }
            }
            Err(error) => run.failed(together.len(), "read unfinished mails", &error),
        }
    }
    run.count(|summary| summary.due += mails.len());
    run.directory.read_organizations(table, mails.iter().map(|mail| mail.organization_id)).await;
    run.directory.read_users(table, mails.iter().map(|mail| mail.user_id)).await;
    mails
}

fn is_over(run: &Run<'_>, mail: &Mail) -> bool {
    mail.status == MailStatus::Leased && mail.lease_ends_at <= run.notifier.clock.now()
}

/// Takes over a mail that was read; `false` if another run has it.
pub(crate) async fn take_over(run: &Run<'_>, mail: &mut Mail) -> Result<bool, Error> {
    let table = &run.notifier.app.table;
    match step(table.take_over_mail(mail, run.lease_ends_at(), run.now)).await {
        Ok(()) => Ok(true),
        Err(Error::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads what of a mail's announcements is still so.
///
/// Fails where any of it cannot be read: what is not known to be over is not left out.
pub(crate) async fn lines(run: &Run<'_>, mail: &Mail) -> Result<Vec<(KeyId, Line)>, Unreadable> {
    step(async { Ok(read_lines(run, mail).await) }).await?
}

async fn read_lines(run: &Run<'_>, mail: &Mail) -> Result<Vec<(KeyId, Line)>, Unreadable> {
    let table = &run.notifier.app.table;
    let organization = match run.directory.organization(mail.organization_id) {
        Known::There(organization) => organization,
        Known::Gone => return Ok(Vec::new()),
        Known::Unread => return Err(Unreadable::Organization),
    };
    let announcements = table.standing(mail).await?;
    let mut seen = HashSet::new();
    let key_ids: Vec<KeyId> =
        announcements.iter().map(|told| told.key_id).filter(|key_id| seen.insert(*key_id)).collect();
    let mut lines = Vec::with_capacity(key_ids.len());
    for wave in key_ids.chunks(WAVE) {
        for found in table.due_keys(wave).await?.into_values() {
            let found = found?;
            let Some(user) = announced_user(found.user.as_ref()) else { continue };
            if let Some(told) = announcements.iter().find(|told| holds(told, &found)) {
                let prefix = &run.notifier.app.key_prefix;
                lines.push((told.key_id, Line::new(&found.key, told.expires_at, user, organization, prefix)));
            }
        }
    }
    Ok(lines)
}

fn holds(told: &Announcement, found: &DueKey) -> bool {
    told.key_id == found.key.key_id
        && found.key.expires_at == Some(told.expires_at)
        && found.key.revoked_at.is_none()
}

/// What a mail tells cannot be read: the mail stays leased.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The directory has said why.
    #[error("the organization cannot be read")]
    Organization,
    /// A key, or its user.
    #[error(transparent)]
    Key(#[from] Error),
}

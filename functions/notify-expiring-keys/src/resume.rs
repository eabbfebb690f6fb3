use domain::{id::UserId, notice::Announcement};
use table::{Error, Mail, MailStatus};

use ulid::Ulid;

use crate::{
    compose::Line,
    deliver::{deliver, mark},
    directory::readable,
    look::WAVE,
    pace::Pace,
    recipients::can_be_told,
    run::Run,
};

/// A mail's recipient, and its own name.
pub(crate) type Place = (UserId, Ulid);

/// Sends the mails that earlier runs claimed and did not mark, once their leases are over.
pub(crate) async fn resume(run: &mut Run<'_>, places: &[Place], pace: &mut Pace) {
    for (position, place) in places.iter().enumerate() {
        if pace.is_over(run.time_left()) {
            run.summary.left_over += places.len() - position;
            return;
        }
        if let Err(error) = resume_one(run, *place, pace).await {
            run.failed(1, "take up an unfinished mail", &error);
        }
    }
}

async fn resume_one(run: &mut Run<'_>, (user_id, mail_id): Place, pace: &mut Pace) -> Result<(), Error> {
    let table = &run.notifier.app.table;
    let Some(mut mail) = table.mail(user_id, mail_id).await? else { return Ok(()) };
    if mail.status != MailStatus::Leased || mail.lease_ends_at > run.notifier.clock.now() {
        return Ok(());
    }
    run.summary.due += 1;
    if !pace.turn(run.time_left()).await {
        run.summary.left_over += 1;
        return Ok(());
    }
    match table.take_over_mail(&mut mail, run.lease_ends_at()).await {
        Err(Error::LostRace) => return Ok(()),
        other => other?,
    }
    let lines = lines(run, &mail).await?;
    run.directory.read_users(table, [user_id].into_iter()).await?;
    let recipient = run.directory.user(user_id).filter(|user| can_be_told(user, mail.organization_id));
    match recipient.cloned() {
        Some(recipient) if !lines.is_empty() => {
            deliver(run, &mail, &recipient, &lines.iter().collect::<Vec<_>>(), pace).await;
        }
        _ => {
            run.summary.skipped += 1;
            mark(run, &mail, MailStatus::Dead).await;
        }
    }
    Ok(())
}

/// Reads what of the mail is still so, the most urgent first.
async fn lines(run: &mut Run<'_>, mail: &Mail) -> Result<Vec<Line>, Error> {
    let table = &run.notifier.app.table;
    run.directory.read_organizations(table, [mail.organization_id].into_iter()).await?;
    let Some(organization) = run.directory.organization(mail.organization_id) else { return Ok(Vec::new()) };
    let mut lines = Vec::with_capacity(mail.announcements.len());
    for wave in mail.announcements.chunks(WAVE) {
        let key_ids: Vec<_> = wave.iter().map(|announcement| announcement.key_id).collect();
        for found in table.due_keys(&key_ids).await?.into_iter().filter_map(readable) {
            let holds = |told: &&Announcement| {
                told.key_id == found.key.key_id
                    && found.key.expires_at == Some(told.expires_at)
                    && found.key.revoked_at.is_none()
            };
            if let Some(told) = wave.iter().find(holds) {
                let prefix = &run.notifier.app.key_prefix;
                lines.push(Line::new(&found.key, told.expires_at, found.user.as_ref(), organization, prefix));
            }
        }
    }
    lines.sort_by_key(|line| line.expires_at);
    Ok(lines)
}

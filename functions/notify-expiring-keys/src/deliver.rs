use domain::user::User;
use table::{Error, Mail, MailStatus};

use crate::{
    compose::Line,
    pace::Pace,
    post::Sent,
    run::{Run, step},
};

/// Sends a mail of which this run holds the lease, and marks it, if there is time for both.
///
/// What is not marked is sent again when the lease is over.
pub(crate) async fn deliver(
    run: &mut Run<'_>,
    mail: &Mail,
    recipient: &User,
    lines: &[&Line],
    pace: &mut Pace,
) {
    if run.time_left().is_zero() {
        run.summary.left_over += 1;
        return;
    }
    let sent = run.notifier.post.send(mail, recipient, lines, run.now).await;
    let (user, mail_id) = (recipient.user_id, mail.mail_id);
    match sent {
        Sent::Accepted => {
            pace.count();
            run.summary.sent += 1;
            mark(run, mail, MailStatus::Sent).await;
        }
        Sent::Rejected(code) => {
            run.summary.failed += 1;
            let keys = keys_of(mail);
            tracing::error!(user.id = %user, mail.id = %mail_id, ses.code = code, key.ids = keys, "a mail was given up: its address is no address");
            mark(run, mail, MailStatus::Dead).await;
        }
        Sent::Unknown(code) => {
            run.summary.failed += 1;
            let attempts = mail.attempts;
            tracing::error!(user.id = %user, mail.id = %mail_id, mail.attempts = attempts, ses.code = code, "a mail may not have been sent");
        }
        Sent::QuotaUsedUp => {
            run.summary.left_over += 1;
            pace.stop();
        }
    }
}

/// Marks a mail that has nothing left to tell, or nobody to tell it to.
pub(crate) async fn drop_empty(run: &mut Run<'_>, mail: &Mail) {
    run.summary.skipped += 1;
    let (user, mail_id, keys) = (mail.user_id, mail.mail_id, keys_of(mail));
    tracing::info!(user.id = %user, mail.id = %mail_id, key.ids = keys, "a mail has nothing left to tell, or nobody to tell it to");
    mark(run, mail, MailStatus::Dead).await;
}

fn keys_of(mail: &Mail) -> String {
    let keys: Vec<_> = mail.announcements.iter().map(|told| told.key_id.to_string()).collect();
    keys.join(" ")
}

/// Marks a mail; what fails is sent again when the lease is over.
async fn mark(run: &mut Run<'_>, mail: &Mail, status: MailStatus) {
    match step(run.notifier.app.table.mark_mail(mail, status, run.now)).await {
        Ok(()) => {}
        Err(Error::LostRace) => {
            tracing::warn!(mail.id = %mail.mail_id, "another run took the lease of a mail");
        }
        Err(error) => run.failed(1, "mark a mail", &error),
    }
}

use domain::user::User;
use table::{Error, Mail, MailStatus};

use crate::{
    compose::Line,
    give_up::give_up,
    pace::Turn,
    post::Sent,
    run::{Run, step},
};

/// Sends a mail of which this run holds the lease, and marks it, if there is time for both.
///
/// What is not marked is sent again when the lease is over.
pub(crate) async fn deliver(run: &Run<'_>, mail: &Mail, recipient: &User, lines: &[&Line], turn: Turn<'_>) {
    if run.time_left().is_zero() {
        return run.count(|summary| summary.left_over += 1);
    }
    let sent = run.notifier.post.send(mail, recipient, lines, run.now).await;
    let (user, mail_id) = (recipient.user_id, mail.mail_id);
    match sent {
        Sent::Accepted => {
            turn.use_up();
            run.count(|summary| summary.sent += 1);
            mark(run, mail, MailStatus::Sent).await;
        }
        Sent::Rejected(code) => {
            run.count(|summary| summary.failed += 1);
            let keys = keys_of(mail);
            tracing::error!(user.id = %user, mail.id = %mail_id, ses.code = &code, key.ids = keys, "a mail was given up: its address is no address");
            marked(run, mail, step(give_up(run, mail, recipient, lines, &code)).await);
        }
        Sent::Unknown(code) => {
            // SES may have counted it.
            turn.use_up();
            run.count(|summary| summary.failed += 1);
            let attempts = mail.attempts;
            tracing::error!(user.id = %user, mail.id = %mail_id, mail.attempts = attempts, ses.code = code, "a mail may not have been sent");
        }
        Sent::QuotaUsedUp => {
            turn.stop();
            run.count(|summary| summary.left_over += 1);
        }
    }
}

/// Marks a mail that has nothing left to tell, or nobody to tell it to.
pub(crate) async fn drop_empty(run: &Run<'_>, mail: &Mail) {
    run.count(|summary| summary.skipped += 1);
    let (user, mail_id, keys) = (mail.user_id, mail.mail_id, keys_of(mail));
    tracing::info!(user.id = %user, mail.id = %mail_id, key.ids = keys, "a mail has nothing left to tell, or nobody to tell it to");
    mark(run, mail, MailStatus::Dead).await;
}

fn keys_of(mail: &Mail) -> String {
    let keys: Vec<_> = mail.announcements.iter().map(|told| told.key_id.to_string()).collect();
    keys.join(" ")
}

async fn mark(run: &Run<'_>, mail: &Mail, status: MailStatus) {
    marked(run, mail, step(run.notifier.app.table.mark_mail(mail, status, &[], run.now)).await);
}

/// Notes what came of marking a mail; what failed is sent again when the lease is over.
fn marked(run: &Run<'_>, mail: &Mail, marked: Result<(), Error>) {
    match marked {
        Ok(()) => {}
        Err(Error::Conflict) => {
            tracing::warn!(mail.id = %mail.mail_id, "another run took the lease of a mail");
        }
        Err(error) => run.failed(1, "mark a mail", &error),
    }
}

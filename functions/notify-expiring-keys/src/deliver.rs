use domain::user::User;
use table::{Error, Mail, MailStatus};

use crate::{compose::Line, pace::Pace, post::Sent, run::Run};

/// Sends a mail of which this run holds the lease, and marks it.
///
/// What is not marked is sent again when the lease is over.
pub(crate) async fn deliver(
    run: &mut Run<'_>,
    mail: &Mail,
    recipient: &User,
    lines: &[&Line],
    pace: &mut Pace,
) {
    let sent = run.notifier.post.send(mail, recipient, lines, run.now).await;
    match sent {
        Sent::Accepted => {
            pace.count();
            run.summary.sent += 1;
            mark(run, mail, MailStatus::Sent).await;
        }
        Sent::Rejected(code) => {
            run.summary.failed += 1;
            let (user, mail_id) = (recipient.user_id, mail.mail_id);
            tracing::error!(user.id = %user, mail.id = %mail_id, ses.code = code, "a mail was rejected for good");
            mark(run, mail, MailStatus::Dead).await;
        }
        Sent::Unknown(code) => {
            run.summary.failed += 1;
            let (user, mail_id) = (recipient.user_id, mail.mail_id);
            tracing::error!(user.id = %user, mail.id = %mail_id, ses.code = code, "a mail may not have been sent");
        }
        Sent::QuotaUsedUp => {
            run.summary.left_over += 1;
            pace.stop();
        }
    }
}

/// Marks a mail; what fails is sent again when the lease is over.
pub(crate) async fn mark(run: &mut Run<'_>, mail: &Mail, status: MailStatus) {
    match run.notifier.app.table.mark_mail(mail, status, run.now).await {
        Ok(()) => {}
        Err(Error::LostRace) => {
            tracing::warn!(mail.id = %mail.mail_id, "another run took the lease of a mail");
        }
        Err(error) => run.failed(1, "mark a mail", &error),
    }
}

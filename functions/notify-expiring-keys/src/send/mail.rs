//! Sends one mail, and marks what became of it.

use domain::{
    inbox::Message,
    message::{ExpiringKey, Undeliverable},
    notification::Notification,
    user::User,
};
use table::{Error, Mail, MailStatus};

use super::{delivery::Delivery, rate_limit::Permit, ses::SendOutcome};
use crate::{
    address::MailAddress,
    email::{Email, contents::Contents},
    run::table_step,
};

/// Sends a mail whose lease this run holds, and marks it, if there is time for both.
///
/// An unmarked mail is sent again after its lease.
pub(super) async fn deliver(
    delivery: &Delivery<'_>,
    mail: &Mail,
    recipient: &User,
    address: MailAddress<'_>,
    keys: &[ExpiringKey],
    permit: Permit<'_>,
) {
    let run = delivery.run;
    if run.time_left().is_zero() {
        return run.count(|summary| summary.left_over += 1);
    }
    let (user, mail_id) = (recipient.user_id, mail.mail_id);
    match hand_over(delivery, mail, recipient, address, keys).await {
        SendOutcome::Accepted => {
            permit.consume();
            run.count(|summary| summary.sent += 1);
            mark(delivery, mail, MailStatus::Sent).await;
        }
        SendOutcome::Rejected(code) => {
            mark_undeliverable(delivery, mail, recipient, keys, &Undeliverable::Refused { code }).await;
        }
        SendOutcome::Unknown(code) => {
            // SES may have counted the mail.
            permit.consume();
            run.count(|summary| summary.failed += 1);
            let attempts = mail.attempts;
            tracing::error!(user_id = %user, mail_id = %mail_id, attempts, ses_code = code, "a mail may not have been sent");
        }
        SendOutcome::QuotaUsedUp => {
            permit.close();
            run.count(|summary| summary.left_over += 1);
        }
    }
}

/// Writes the e-mail and hands it over to SES.
async fn hand_over(
    delivery: &Delivery<'_>,
    mail: &Mail,
    recipient: &User,
    address: MailAddress<'_>,
    keys: &[ExpiringKey],
) -> SendOutcome {
    let Delivery { run, notifier, .. } = *delivery;
    let address = address.email();
    let console_url = notifier.sender.console_url.as_deref();
    let contents = Contents::new(recipient.name.as_str(), keys, &mail.messages, console_url, run.now);
    let id = format!("{}.{}", mail.mail_id, mail.announcements.len() + mail.messages.len());
    let message = Email::new(contents).encode(&notifier.sender, address, &id, run.now);
    notifier.mailer.send(address.as_str(), message).await
}

/// Marks a mail as undeliverable: SES rejects its address for good, or no mail may go to its recipient's address
/// any more.
pub(super) async fn mark_undeliverable(
    delivery: &Delivery<'_>,
    mail: &Mail,
    recipient: &User,
    keys: &[ExpiringKey],
    reason: &Undeliverable,
) {
    delivery.run.count(|summary| summary.failed += 1);
    let (user, mail_id, key_ids) = (recipient.user_id, mail.mail_id, key_ids(mail));
    tracing::error!(user_id = %user, mail_id = %mail_id, reason = %reason, key_ids, "a mail is undeliverable");
    let marked = table_step(store_undeliverable(delivery, mail, recipient, keys, reason)).await;
    record_mark(delivery, mail, marked);
}

/// Marks a mail that has no contents any more, or no recipient.
pub(super) async fn mark_empty(delivery: &Delivery<'_>, mail: &Mail) {
    delivery.run.count(|summary| summary.skipped += 1);
    let (user, mail_id, key_ids) = (mail.user_id, mail.mail_id, key_ids(mail));
    tracing::info!(user_id = %user, mail_id = %mail_id, key_ids, "a mail has no contents any more, or no recipient");
    mark(delivery, mail, MailStatus::Dead).await;
}

/// Marks a mail that SES will never deliver, and notifies the owners in their inboxes: one transaction.
async fn store_undeliverable(
    delivery: &Delivery<'_>,
    mail: &Mail,
    recipient: &User,
    keys: &[ExpiringKey],
    reason: &Undeliverable,
) -> Result<(), Error> {
    let (table, now) = (&delivery.notifier.app.table, delivery.run.now);
    let titles = mail.messages.iter().map(|message| message.title.clone());
    let undelivered: Vec<_> = keys.iter().map(|key| key.headline(now)).chain(titles).collect();
    let message = Message::mail_undeliverable(now, recipient, reason, &undelivered);
    let to_owners = Notification::to_owners(mail.organization_id, Vec::new(), message);
    let in_inboxes = Notification { by_mail: false, ..to_owners };
    table.mark_mail(mail, MailStatus::Dead, &[in_inboxes], now).await
}

async fn mark(delivery: &Delivery<'_>, mail: &Mail, status: MailStatus) {
    let table = &delivery.notifier.app.table;
    record_mark(delivery, mail, table_step(table.mark_mail(mail, status, &[], delivery.run.now)).await);
}

/// Logs a mark that failed. The mail is sent again after its lease.
fn record_mark(delivery: &Delivery<'_>, mail: &Mail, marked: Result<(), Error>) {
    match marked {
        Ok(()) => {}
        Err(Error::Conflict) => {
            tracing::warn!(mail_id = %mail.mail_id, "another run took the lease of a mail");
        }
        Err(error) => delivery.run.record_failure(1, "mark a mail", &error),
    }
}

fn key_ids(mail: &Mail) -> String {
    let key_ids: Vec<_> = mail.announcements.iter().map(|one| one.key_id.to_string()).collect();
    key_ids.join(" ")
}

//! Sends a mail to a former address.

use domain::inbox::Message;
use table::{Error, MAX_MESSAGES, PartingMessage};

use super::{delivery::Delivery, rate_limit::Permit, ses::SendOutcome};
use crate::{
    email::{Email, contents::Contents},
    plan::parting_mail::PartingMail,
    run::table_step,
};

/// Leases the messages to a former address, sends them as one mail, and removes them.
///
/// A mail that was sent and whose messages were not removed is sent again after the lease.
pub(super) async fn send_parting_mail(delivery: &Delivery<'_>, mut mail: PartingMail, permit: Permit<'_>) {
    let Delivery { run, notifier, .. } = *delivery;
    let table = &notifier.app.table;
    mail.messages.sort_by_key(|waiting| waiting.message.message_id);
    if let Some(more) = mail.messages.len().checked_sub(MAX_MESSAGES) {
        run.count(|summary| summary.beyond_share += more);
        mail.messages.truncate(MAX_MESSAGES);
    }
    match table_step(table.lease_parting_messages(&mut mail.messages, run.lease_ends_at(), run.now)).await {
        Ok(()) => {}
        // Another run has them.
        Err(Error::Conflict) => return,
        Err(error) => {
            return run.record_failure(mail.messages.len(), "lease the messages to a former address", &error);
        }
    }
    if run.time_left().is_zero() {
        return run.count(|summary| summary.left_over += mail.messages.len());
    }
    let user = mail.user_id;
    match hand_over(delivery, &mail).await {
        SendOutcome::Accepted => {
            permit.consume();
            run.count(|summary| summary.sent += 1);
            remove(delivery, &mail.messages).await;
        }
        SendOutcome::Rejected(code) => {
            run.count(|summary| summary.failed += mail.messages.len());
            tracing::error!(user_id = %user, ses_code = code, "a mail to a former address is undeliverable: SES rejects the address");
            remove(delivery, &mail.messages).await;
        }
        SendOutcome::Unknown(code) => {
            permit.consume();
            run.count(|summary| summary.failed += mail.messages.len());
            tracing::error!(user_id = %user, ses_code = code, "a mail to a former address may not have been sent");
        }
        SendOutcome::QuotaUsedUp => {
            permit.close();
            run.count(|summary| summary.left_over += mail.messages.len());
        }
    }
}

async fn hand_over(delivery: &Delivery<'_>, mail: &PartingMail) -> SendOutcome {
    let Delivery { run, notifier, .. } = *delivery;
    let messages: Vec<Message> = mail.messages.iter().map(|waiting| waiting.message.clone()).collect();
    let console_url = notifier.sender.console_url.as_deref();
    let contents = Contents::new(mail.name.as_str(), &[], &messages, console_url, run.now);
    let id = format!("{}.{}", messages[0].message_id, messages.len());
    let message = Email::new(contents).encode(&notifier.sender, &mail.address, &id, run.now);
    notifier.mailer.send(mail.address.as_str(), message).await
}

async fn remove(delivery: &Delivery<'_>, messages: &[PartingMessage]) {
    match table_step(delivery.notifier.app.table.remove_parting_messages(messages)).await {
        Ok(()) => {}
        Err(Error::Conflict) => tracing::warn!("another run took the lease of a mail to a former address"),
        Err(error) => delivery.run.record_failure(1, "remove the messages to a former address", &error),
    }
}

use domain::{
    inbox::{Message, MessageKind},
    notification::Notification,
    user::User,
};
use table::{Error, Mail, MailStatus};

use crate::{compose::Line, run::Run};

/// The most things that owners are told were not delivered; the others are counted.
const NAMED: usize = 20;

/// Marks a mail that SES will never deliver, and tells the owners in their inboxes: one transaction.
pub(crate) async fn give_up(
    run: &Run<'_>,
    mail: &Mail,
    recipient: &User,
    lines: &[&Line],
    code: &str,
) -> Result<(), Error> {
    let table = &run.notifier.app.table;
    let owners = match table.organization(mail.organization_id).await? {
        Some(organization) => table.owners(&organization).await?,
        None => Vec::new(),
    };
    let message = message(run, mail, recipient, lines, code);
    let news = owners.iter().map(|owner| Notification {
        user_id: owner.user_id,
        organization_id: owner.organization_id,
        message: message.clone(),
        in_inbox: true,
        by_mail: false,
    });
    table.mark_mail(mail, MailStatus::Dead, &news.collect::<Vec<_>>(), run.now).await
}

fn message(run: &Run<'_>, mail: &Mail, recipient: &User, lines: &[&Line], code: &str) -> Message {
    let name = &recipient.name;
    let address = recipient.email.as_ref().map(ToString::to_string).unwrap_or_default();
    let threats_and_changes = mail.messages.iter().map(|message| message.title.clone());
    let told: Vec<_> = lines.iter().map(|line| line.fact(run.now)).chain(threats_and_changes).collect();
    let named = told[..told.len().min(NAMED)].join("; ");
    let more = match told.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let text = format!(
        "The mail service refuses the address {address} of {name} for good ({code}). Not delivered: \
         {named}{more}. Tell {name}, and correct the address."
    );
    Message::new(
        run.now,
        MessageKind::MailUndeliverable,
        format!("Mails to {name} cannot be delivered"),
        text,
        None,
    )
}

//! Reads the messages that wait in the outbox.

use domain::{id::UserId, inbox::MessageKind};
use table::{Error, OutboxMessage, Owed, Table};
use ulid::Ulid;

use super::{
    batches::Batches,
    held::{hold, suspended},
};
use crate::{
    directory::{Directory, Lookup},
    recipients::active_user,
    run::{Run, table_step},
};

/// The number of messages that are read together.
const BATCH_SIZE: usize = 100;

/// Reads waiting messages, named by recipient and id, and into the directory their recipients.
///
/// Messages to a recipient who is suspended, or whose organization is, are held. If mail to the recipient may go to no
/// address, uses of retired secrets are addressed to the owners, and other messages are dropped. Messages that cannot
/// be read stay due, as do messages whose recipient cannot be read.
pub(crate) async fn load_messages(
    run: &Run,
    table: &Table,
    directory: &mut Directory<'_>,
    due: &[(UserId, Ulid)],
) -> Vec<OutboxMessage> {
    run.count(|summary| summary.due += due.len());
    let mut messages = Vec::new();
    let mut batches = Batches::<OutboxMessage>::new(run, table, due, BATCH_SIZE);
    while let Some(readable) = batches.next().await {
        directory.load_users(readable.iter().map(|waiting| waiting.user_id)).await;
        directory.load_organizations(readable.iter().map(|waiting| waiting.organization_id)).await;
        let suspended =
            |waiting: &OutboxMessage| suspended(directory, waiting.organization_id, Some(waiting.user_id));
        let (held, readable): (Vec<_>, Vec<_>) = readable
            .into_iter()
            .map(|waiting| (suspended(&waiting), waiting))
            .partition(|(one, _)| one.is_some());
        let owed = held.iter().filter_map(|(suspended, one)| Some(((*suspended)?, Owed::Message(one))));
        hold(run, table, &owed.collect::<Vec<_>>()).await;
        for (_, waiting) in readable {
            match directory.user(waiting.user_id) {
                Lookup::Found(user) if directory.channels_of(user, waiting.organization_id).email => {
                    messages.push(waiting);
                }
                // Reports of secrets were addressed to the owners at once.
                Lookup::Found(user)
                    if active_user(Some(user)).is_some()
                        && waiting.message.kind == MessageKind::RetiredSecretUsed =>
                {
                    redirect(run, table, &waiting).await;
                }
                Lookup::Found(_) | Lookup::Missing => drop_message(run, table, &waiting).await,
                Lookup::Unavailable => run.count(|summary| summary.failed += 1),
            }
        }
    }
    messages
}

/// Addresses a message to the owners: the next run delivers it.
async fn redirect(run: &Run, table: &Table, waiting: &OutboxMessage) {
    let (user_id, message_id) = (waiting.user_id, waiting.message.message_id);
    match table_step(table.redirect_to_owners(waiting)).await {
        Ok(()) => {
            run.count(|summary| summary.skipped += 1);
            tracing::info!(user_id = %user_id, message_id = %message_id, "addressed a message to the owners: mail to its recipient may go to no address");
        }
        // Another run did it, or the copy of another owner waits for the owners: then a later run tries again.
        Err(Error::Conflict) => {}
        Err(error) => run.record_failure(1, "address a message to the owners", &error),
    }
}

async fn drop_message(run: &Run, table: &Table, waiting: &OutboxMessage) {
    let (user_id, message_id) = (waiting.user_id, waiting.message.message_id);
    match table_step(table.drop_outbox_message(user_id, message_id)).await {
        Ok(()) => {
            run.count(|summary| summary.skipped += 1);
            tracing::info!(user_id = %user_id, message_id = %message_id, "dropped a message: its recipient cannot receive mail");
        }
        Err(error) => run.record_failure(1, "drop a message whose recipient cannot receive mail", &error),
    }
}

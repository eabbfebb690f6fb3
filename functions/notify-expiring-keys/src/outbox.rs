use domain::id::UserId;
use table::OutboxMessage;
use ulid::Ulid;

use crate::{
    directory::Known,
    recipients::reach,
    run::{Run, step},
};

/// A message's recipient, and its own name.
pub(crate) type Place = (UserId, Ulid);

/// Messages that are read together.
const WAVE: usize = 100;

/// Reads the messages that wait to be mailed, and into the directory whom they are for.
///
/// Those for users whom no mail reaches, any more or for now, are dropped. Those that cannot be read, or
/// whose recipients cannot, stay due.
pub(crate) async fn waiting(run: &mut Run<'_>, places: &[Place]) -> Vec<OutboxMessage> {
    run.count(|summary| summary.due += places.len());
    let table = &run.notifier.app.table;
    let mut all = Vec::new();
    for (number, wave) in places.chunks(WAVE).enumerate() {
        if run.time_left().is_zero() {
            run.count(|summary| summary.left_over += places.len() - number * WAVE);
            break;
        }
        let found = match step(table.outbox_messages(wave)).await {
            Ok(found) => found,
            Err(error) => {
                run.failed(wave.len(), "read messages that are to be mailed", &error);
                continue;
            }
        };
        let mut readable = Vec::with_capacity(found.len());
        for read in found.into_values() {
            match read {
                Ok(waiting) => readable.push(waiting),
                Err(error) => run.failed(1, "read a message that is to be mailed", &error),
            }
        }
        run.directory.read_users(table, readable.iter().map(|waiting| waiting.user_id)).await;
        for waiting in readable {
            match run.directory.user(waiting.user_id) {
                Known::There(user) if reach(user, waiting.organization_id).email => all.push(waiting),
                Known::There(_) | Known::Gone => drop_outbox_messages(run, &waiting).await,
                Known::Unread => run.count(|summary| summary.failed += 1),
            }
        }
    }
    all
}

async fn drop_outbox_messages(run: &Run<'_>, waiting: &OutboxMessage) {
    let (user_id, message_id) = (waiting.user_id, waiting.message.message_id);
    match step(run.notifier.app.table.drop_outbox_messages(user_id, message_id)).await {
        Ok(()) => {
            run.count(|summary| summary.skipped += 1);
            tracing::info!(user.id = %user_id, message.id = %message_id, "nobody can be mailed a message");
        }
        Err(error) => run.failed(1, "drop a message that nobody can be mailed", &error),
    }
}

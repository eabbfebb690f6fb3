//! Reads the messages to former addresses.

use std::collections::HashMap;

use domain::{
    id::{OrganizationId, UserId},
    user::User,
};
use table::{Error, PartingMessage, Table};
use ulid::Ulid;

use super::{batches::Batches, held::suspended};
use crate::{
    directory::{Directory, Lookup},
    plan::parting_mail::PartingMail,
    recipients::active_user,
    run::{Run, table_step},
};

/// The number of messages that are read together.
const BATCH_SIZE: usize = 100;

/// The messages to former addresses that a run has found.
#[derive(Debug, Default)]
pub(super) struct PartingMessages {
    /// A mail for each address of a user.
    pub(super) mails: Vec<PartingMail>,
    /// The messages that were moved to the outboxes of users who still have the address.
    pub(super) moved: Vec<(UserId, Ulid)>,
}

/// Reads messages to former addresses, and arranges a mail for each address.
///
/// A message whose user and organization are active and whose user still has the address moves to the user's outbox,
/// so that it is part of the user's one mail. Messages that cannot be read stay due, as do those that another run has leased.
pub(super) async fn load_parting_messages(
    run: &Run,
    table: &Table,
    directory: &mut Directory<'_>,
    due: &[(OrganizationId, Ulid)],
) -> PartingMessages {
    run.count(|summary| summary.due += due.len());
    let mut moved = Vec::new();
    let mut mails: HashMap<(OrganizationId, UserId, String), PartingMail> = HashMap::new();
    let mut batches = Batches::<PartingMessage>::new(run, table, due, BATCH_SIZE);
    while let Some(mut readable) = batches.next().await {
        readable.retain(|waiting| !waiting.is_leased(run.clock.now()));
        directory.load_users(readable.iter().map(|waiting| waiting.user_id)).await;
        directory.load_organizations(readable.iter().map(|waiting| waiting.organization_id)).await;
        for waiting in readable {
            match directory.user(waiting.user_id) {
                Lookup::Found(user)
                    if still_has_address(user, &waiting)
                        && suspended(directory, waiting.organization_id, None).is_none() =>
                {
                    moved.extend(move_to_outbox(run, table, &waiting).await);
                }
                Lookup::Found(_) | Lookup::Missing => {
                    let place = (waiting.organization_id, waiting.user_id, waiting.address.key());
                    mails.entry(place).or_insert_with(|| PartingMail::empty(&waiting)).messages.push(waiting);
                }
                Lookup::Unavailable => run.count(|summary| summary.failed += 1),
            }
        }
    }
    PartingMessages { mails: mails.into_values().collect(), moved }
}

fn still_has_address(user: &User, waiting: &PartingMessage) -> bool {
    active_user(Some(user)).and_then(User::proven_address).is_some_and(|address| address.is(&waiting.address))
}

async fn move_to_outbox(run: &Run, table: &Table, waiting: &PartingMessage) -> Option<(UserId, Ulid)> {
    match table_step(table.move_to_outbox(waiting)).await {
        Ok(()) => {
            // It counts where it is read next.
            run.count(|summary| summary.due -= 1);
            Some((waiting.user_id, waiting.message.message_id))
        }
        // Another run did it.
        Err(Error::Conflict) => None,
        Err(error) => {
            run.record_failure(1, "move a message to an outbox", &error);
            None
        }
    }
}

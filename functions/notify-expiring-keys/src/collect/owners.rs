//! Delivers messages that are addressed to all owners of an organization.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{
    id::{OrganizationId, UserId},
    organization::Status,
};
use table::{Error, OwnersMessage, Table};
use ulid::Ulid;

use super::batches::Batches;
use crate::{
    directory::{Directory, Lookup},
    run::{Run, table_step},
    urgency::Urgency,
};

/// The number of messages that are read together.
const BATCH_SIZE: usize = 100;

/// The most messages that one run puts in the outboxes of owners. It then reads and mails them.
const MAX_TO_BE_MAILED: usize = 10_000;

/// Delivers messages to all owners, and returns the messages that are now in owners' outboxes.
///
/// Organizations take turns: each turn delivers the most urgent message of an organization to its next
/// owners. Half of the run's time is left for the mails. The next run continues where this one stops.
pub(super) async fn deliver_to_owners(
    run: &Run,
    table: &Table,
    directory: &mut Directory<'_>,
    due: &[(OrganizationId, Ulid)],
) -> Vec<(UserId, Ulid)> {
    run.count(|summary| summary.due += due.len());
    let ends_at = run.time_left() / 2;
    let mut turns = load(run, table, due).await;
    directory
        .load_organizations(turns.iter().filter_map(|waiting| Some(waiting.front()?.organization_id)))
        .await;
    let mut to_be_mailed = Vec::new();
    while let Some(mut organization) = turns.pop_front() {
        if !run.has_more_time_than(ends_at) || to_be_mailed.len() >= MAX_TO_BE_MAILED {
            turns.push_front(organization);
            break;
        }
        let Some(waiting) = organization.front_mut() else { continue };
        match take_turn(run, table, directory, waiting).await {
            Outcome::Delivered { mailed, is_complete } => {
                let message_id = waiting.message.message_id;
                to_be_mailed.extend(mailed.into_iter().map(|owner| (owner, message_id)));
                if is_complete {
                    organization.pop_front();
                }
            }
            Outcome::Postponed => {
                organization.pop_front();
            }
        }
        turns.push_back(organization);
    }
    run.count(|summary| summary.left_over += turns.iter().map(VecDeque::len).sum::<usize>());
    to_be_mailed
}

/// The outcome of one turn of an organization.
enum Outcome {
    /// The message was delivered to the next owners; these are mailed.
    Delivered { mailed: Vec<UserId>, is_complete: bool },
    /// The message could not be delivered, or another run delivers it. It stays due.
    Postponed,
}

async fn take_turn(
    run: &Run,
    table: &Table,
    directory: &Directory<'_>,
    waiting: &mut OwnersMessage,
) -> Outcome {
    let nobody = BTreeSet::new();
    let owner_ids = match directory.organization(waiting.organization_id) {
        Lookup::Found(organization) if organization.status != Status::Deleted => &organization.owner_ids,
        // The organization is gone. The delivery to nobody removes the message.
        Lookup::Found(_) | Lookup::Missing => &nobody,
        Lookup::Unavailable => {
            run.count(|summary| summary.failed += 1);
            return Outcome::Postponed;
        }
    };
    match table_step(table.deliver_to_owners(waiting, owner_ids)).await {
        Ok(delivered) => {
            Outcome::Delivered { mailed: delivered.to_be_mailed, is_complete: delivered.is_complete }
        }
        Err(Error::Conflict) => {
            tracing::info!(message_id = %waiting.message.message_id, "another run delivers a message to owners");
            Outcome::Postponed
        }
        Err(error) => {
            run.record_failure(1, "deliver a message to owners", &error);
            Outcome::Postponed
        }
    }
}

/// Reads messages, and sorts those of each organization by urgency.
///
/// Messages that cannot be read stay due.
async fn load(run: &Run, table: &Table, due: &[(OrganizationId, Ulid)]) -> VecDeque<VecDeque<OwnersMessage>> {
    let mut by_organization: BTreeMap<OrganizationId, Vec<OwnersMessage>> = BTreeMap::new();
    let mut batches = Batches::<OwnersMessage>::new(run, table, due, BATCH_SIZE);
    while let Some(readable) = batches.next().await {
        for waiting in readable {
            by_organization.entry(waiting.organization_id).or_default().push(waiting);
        }
    }
    let sorted = |mut waiting: Vec<OwnersMessage>| {
        waiting.sort_by_key(|one| (Urgency::from(&one.message), one.message.message_id));
        waiting.into()
    };
    by_organization.into_values().map(sorted).collect()
}

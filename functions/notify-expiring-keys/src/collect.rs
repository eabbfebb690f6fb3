//! Step 1, collect: lists all due items and reads them.

use api::app::App;
use domain::{
    Time,
    id::{KeyId, OrganizationId, UserId},
};
use table::{Due, Mail, OutboxMessage, Table, item_key::DueItem};
use ulid::Ulid;

use crate::{
    advances::AdvanceQueue,
    directory::Directory,
    failure::Failure,
    plan::due_notice::DueNotice,
    run::{Run, with_timeout},
};

mod decision;
pub(crate) mod due_keys;
mod outbox;
mod owners;
mod unfinished_mails;

use due_keys::load_due_keys;
use outbox::load_messages;
use owners::deliver_to_owners;
use unfinished_mails::load_unfinished_mails;

/// The most entries of the index that one run reads. It holds them all in memory.
const MAX_DUE: usize = 50_000;

/// All due items that could be read.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) notices: Vec<DueNotice>,
    pub(crate) unfinished_mails: Vec<Mail>,
    /// Messages from the outbox.
    pub(crate) messages: Vec<OutboxMessage>,
    /// Users that are marked deleted and not yet removed.
    pub(crate) deleted_users: Vec<UserId>,
    /// Organizations that are marked deleted and not yet removed.
    pub(crate) deleted_organizations: Vec<OrganizationId>,
}

/// Collects all due items, and reads into the directory all users and organizations that they name.
pub(crate) async fn collect(
    run: &Run,
    app: &App,
    directory: &mut Directory<'_>,
    advances: &AdvanceQueue<'_>,
    shards: &[u32],
) -> Result<Collected, Failure> {
    let mut due = DueItems::default();
    for entry in &find(run, &app.table, shards).await? {
        due.add(entry);
    }
    let delivered = deliver_to_owners(run, &app.table, directory, &due.owners_messages).await;
    due.messages.extend(delivered);
    Ok(Collected {
        notices: load_due_keys(run, app, directory, advances, &due.keys).await,
        unfinished_mails: load_unfinished_mails(run, &app.table, directory, &due.mails).await,
        messages: load_messages(run, &app.table, directory, &due.messages).await,
        deleted_users: due.deleted_users,
        deleted_organizations: due.deleted_organizations,
    })
}

/// The entries of the `due` index, by kind.
#[derive(Debug, Default)]
struct DueItems {
    keys: Vec<(KeyId, Time)>,
    mails: Vec<(UserId, Ulid)>,
    messages: Vec<(UserId, Ulid)>,
    owners_messages: Vec<(OrganizationId, Ulid)>,
    deleted_users: Vec<UserId>,
    deleted_organizations: Vec<OrganizationId>,
}

impl DueItems {
    fn add(&mut self, due: &Due) {
        match due.item {
            DueItem::AccessKey(key_id) => self.keys.push((key_id, due.due_at)),
            DueItem::Mail { user_id, mail_id } => self.mails.push((user_id, mail_id)),
            DueItem::Outbox { user_id, message_id } => self.messages.push((user_id, message_id)),
            DueItem::OwnersMessage { organization_id, message_id } => {
                self.owners_messages.push((organization_id, message_id));
            }
            DueItem::DeletedUser(user_id) => self.deleted_users.push(user_id),
            DueItem::DeletedOrganization(organization_id) => self.deleted_organizations.push(organization_id),
        }
    }
}

/// Lists the due entries of all shards that can be read, the longest due first.
///
/// Fails if no shard can be read.
async fn find(run: &Run, table: &Table, shards: &[u32]) -> Result<Vec<Due>, Failure> {
    let (mut due, mut failures) = (Vec::new(), Vec::new());
    let most = (MAX_DUE / shards.len()).max(1);
    for shard in shards {
        match with_timeout(run.time_left(), table.due(*shard, run.now, most)).await {
            Ok(found) => due.extend(found),
            Err(error) => failures.push(error),
        }
    }
    if failures.len() == shards.len()
        && let Some(error) = failures.pop()
    {
        return Err(error.into());
    }
    for error in failures {
        run.record_failure(1, "read a shard of the due index", &error);
    }
    due.sort_by_key(|due| due.due_at);
    Ok(due)
}

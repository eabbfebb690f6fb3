//! Step 1, collect: lists all due items and reads them.

use api::app::App;
use domain::{
    Time,
    id::{KeyId, OrganizationId, UserId},
};
use table::{
    Due, Mail, OutboxMessage,
    item_key::{DueItem, RearmingCause},
};
use ulid::Ulid;

use crate::{
    advances::AdvanceQueue,
    directory::Directory,
    failure::Failure,
    plan::{due_notice::DueNotice, parting_mail::PartingMail},
    run::Run,
};

mod batches;
mod decision;
pub(crate) mod due_keys;
mod entries;
mod expiry_events;
mod held;
mod outbox;
mod owners;
mod parting;
mod rearm;
mod unfinished_mails;

use due_keys::load_due_keys;
use entries::find;
use outbox::load_messages;
use owners::deliver_to_owners;
use parting::load_parting_messages;
use rearm::rearm;
use unfinished_mails::load_unfinished_mails;

/// All due items that could be read.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) notices: Vec<DueNotice>,
    pub(crate) unfinished_mails: Vec<Mail>,
    /// Messages from the outbox.
    pub(crate) messages: Vec<OutboxMessage>,
    /// Mails to former addresses.
    pub(crate) parting_mails: Vec<PartingMail>,
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
    let mut due = DueItems::of(&find(run, &app.table, shards).await?);
    if rearm(run, app, directory, &due.rearmings).await {
        due = DueItems::of(&find(run, &app.table, shards).await?);
    }
    let delivered = deliver_to_owners(run, &app.table, directory, &due.owners_messages).await;
    due.messages.extend(delivered);
    let parting = load_parting_messages(run, &app.table, directory, &due.parting_messages).await;
    due.messages.extend(parting.moved);
    Ok(Collected {
        notices: load_due_keys(run, app, directory, advances, &due.keys).await,
        unfinished_mails: load_unfinished_mails(run, &app.table, directory, &due.mails).await,
        messages: load_messages(run, &app.table, directory, &due.messages).await,
        parting_mails: parting.mails,
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
    parting_messages: Vec<(OrganizationId, Ulid)>,
    rearmings: Vec<(OrganizationId, RearmingCause)>,
    deleted_users: Vec<UserId>,
    deleted_organizations: Vec<OrganizationId>,
}

impl DueItems {
    fn of(entries: &[Due]) -> Self {
        let mut items = Self::default();
        for entry in entries {
            items.add(entry);
        }
        items
    }

    fn add(&mut self, due: &Due) {
        match due.item {
            DueItem::AccessKey(key_id) => self.keys.push((key_id, due.due_at)),
            DueItem::Mail { user_id, mail_id } => self.mails.push((user_id, mail_id)),
            DueItem::Outbox { user_id, message_id } => self.messages.push((user_id, message_id)),
            DueItem::OwnersMessage { organization_id, message_id } => {
                self.owners_messages.push((organization_id, message_id));
            }
            DueItem::PartingMessage { organization_id, message_id } => {
                self.parting_messages.push((organization_id, message_id));
            }
            DueItem::Rearming { organization_id, cause } => self.rearmings.push((organization_id, cause)),
            DueItem::DeletedUser(user_id) => self.deleted_users.push(user_id),
            DueItem::DeletedOrganization(organization_id) => self.deleted_organizations.push(organization_id),
        }
    }
}

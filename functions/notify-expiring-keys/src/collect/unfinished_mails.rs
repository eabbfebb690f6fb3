//! Reads the mails that earlier runs left unfinished.

use domain::id::UserId;
use table::{Mail, Owed, Table};
use ulid::Ulid;

use super::{
    batches::Batches,
    held::{hold, suspended},
};
use crate::{directory::Directory, run::Run};

/// The most unfinished mails that one run reads: more than it can send, and few enough to read in time.
const MAX_MAILS: usize = 5_000;

/// The number of mails that are read together. They may be large.
const BATCH_SIZE: usize = 25;

/// Reads the mails that earlier runs claimed and did not mark, and whose leases have ended, and into the
/// directory their recipients.
///
/// Mails to a recipient who is suspended, or whose organization is, are held.
pub(crate) async fn load_unfinished_mails(
    run: &Run,
    table: &Table,
    directory: &mut Directory<'_>,
    due: &[(UserId, Ulid)],
) -> Vec<Mail> {
    let (due, beyond) = due.split_at(due.len().min(MAX_MAILS));
    run.count(|summary| summary.left_over += beyond.len());
    let (mut mails, mut batches) = (Vec::new(), Batches::<Mail>::new(run, table, due, BATCH_SIZE));
    while let Some(readable) = batches.next().await {
        mails.extend(readable.into_iter().filter(|mail| mail.is_unfinished(run.clock.now())));
    }
    run.count(|summary| summary.due += mails.len());
    directory.load_organizations(mails.iter().map(|mail| mail.organization_id)).await;
    directory.load_users(mails.iter().map(|mail| mail.user_id)).await;
    let suspended = |mail: &Mail| suspended(directory, mail.organization_id, Some(mail.user_id));
    let owed = mails.iter().filter_map(|mail| Some((suspended(mail)?, Owed::Mail(mail))));
    hold(run, table, &owed.collect::<Vec<_>>()).await;
    mails.retain(|mail| suspended(mail).is_none());
    mails
}

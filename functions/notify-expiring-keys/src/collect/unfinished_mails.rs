//! Reads the mails that earlier runs left unfinished.

use domain::id::UserId;
use table::{Mail, MailStatus, Table};
use ulid::Ulid;

use crate::{
    directory::Directory,
    run::{Run, table_step},
};

/// The most unfinished mails that one run reads: more than it can send, and few enough to read in time.
const MAX_MAILS: usize = 5_000;

/// The number of mails that are read together. They may be large.
const BATCH_SIZE: usize = 25;

/// Reads the mails that earlier runs claimed and did not mark, and whose leases have ended, and into the
/// directory their recipients.
pub(crate) async fn load_unfinished_mails(
    run: &Run,
    table: &Table,
    directory: &mut Directory<'_>,
    due: &[(UserId, Ulid)],
) -> Vec<Mail> {
    let mut mails: Vec<Mail> = Vec::new();
    for (number, batch) in due.chunks(BATCH_SIZE).enumerate() {
        let done = number * BATCH_SIZE;
        if run.time_left().is_zero() || done >= MAX_MAILS {
            run.count(|summary| summary.left_over += due.len() - done);
            break;
        }
        match table_step(table.mails(batch)).await {
            Ok(found) => {
                for read in found.into_values() {
                    match read {
                        Ok(mail) => mails.extend(is_unfinished(run, &mail).then_some(mail)),
                        Err(error) => run.record_failure(1, "read an unfinished mail", &error),
                    }
                }
            }
            Err(error) => run.record_failure(batch.len(), "read unfinished mails", &error),
        }
    }
    run.count(|summary| summary.due += mails.len());
    directory.load_organizations(mails.iter().map(|mail| mail.organization_id)).await;
    directory.load_users(mails.iter().map(|mail| mail.user_id)).await;
    mails
}

fn is_unfinished(run: &Run, mail: &Mail) -> bool {
    mail.status == MailStatus::Leased && mail.lease_ends_at <= run.clock.now()
}

//! Step 4, clean up: finishes interrupted deletions of users and organizations.

use domain::{
    id::{OrganizationId, UserId},
    user::Status,
};
use table::Table;
use tokio::time::timeout;

use crate::{
    directory::{Directory, Lookup},
    run::{Run, with_timeout},
};

/// Removes the items that interrupted deletions of users have left, while time allows.
///
/// The mark of a deletion is permanent, and the user item is removed last, so that the next run finds an
/// unfinished deletion again.
pub(crate) async fn clean_up(
    run: &Run,
    table: &Table,
    directory: &mut Directory<'_>,
    deleted_users: &[UserId],
) {
    directory.load_users(deleted_users.iter().copied()).await;
    for user_id in deleted_users {
        let time_left = run.time_left();
        if time_left.is_zero() {
            run.count(|summary| summary.left_over += 1);
            continue;
        }
        match directory.user(*user_id) {
            Lookup::Found(user) if user.status == Status::Deleted => {
                match with_timeout(time_left, table.remove_user(*user_id)).await {
                    Ok(()) => tracing::info!(user_id = %user_id, "finished the deletion of a user"),
                    Err(error) => run.record_failure(1, "finish the deletion of a user", &error),
                }
            }
            // The index is a moment behind.
            Lookup::Found(_) | Lookup::Missing => {}
            Lookup::Unavailable => run.count(|summary| summary.failed += 1),
        }
    }
}

/// Removes the items that interrupted deletions of organizations have left. Each has the same part of the time, so that a
/// large one delays no other, and takes several runs.
///
/// An organization that is not marked as deleted stays as it is: the index is a moment behind.
pub(crate) async fn clean_up_organizations(run: &Run, table: &Table, organization_ids: &[OrganizationId]) {
    for (position, organization_id) in organization_ids.iter().enumerate() {
        let remaining = u32::try_from(organization_ids.len() - position).unwrap_or(u32::MAX);
        let time_left = run.time_left() / remaining;
        if time_left.is_zero() {
            run.count(|summary| summary.left_over += 1);
            continue;
        }
        let removal = Box::pin(table.remove_organization(*organization_id, run.now));
        match timeout(time_left, removal).await {
            Ok(Ok(())) => {
                tracing::info!(organization_id = %organization_id, "finished the deletion of an organization");
            }
            Ok(Err(error)) => run.record_failure(1, "finish the deletion of an organization", &error),
            // Each call of the removal has a time limit of its own: a table that does not answer is a failure.
            Err(_) => {
                run.count(|summary| summary.beyond_share += 1);
                tracing::info!(organization_id = %organization_id, "the next run continues the deletion of an organization");
            }
        }
    }
}

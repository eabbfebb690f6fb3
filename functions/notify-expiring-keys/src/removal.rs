use domain::{id::UserId, user::Status};

use crate::{
    directory::Known,
    run::{Run, within},
};

/// Removes what deletions of users that were cut off have left, as far as time allows.
///
/// A user is marked deleted for good, and removed last, so that whatever ends this run, the next one
/// finds it again.
pub(crate) async fn finish(run: &mut Run<'_>, marked: &[UserId]) {
    let table = &run.notifier.app.table;
    run.directory.read_users(table, marked.iter().copied()).await;
    for user_id in marked {
        let time_left = run.time_left();
        if time_left.is_zero() {
            run.count(|summary| summary.left_over += 1);
            continue;
        }
        match run.directory.user(*user_id) {
            Known::There(user) if user.status == Status::Deleted => {
                match within(time_left, table.remove_user(*user_id)).await {
                    Ok(()) => tracing::info!(user.id = %user_id, "removed what was left of a deleted user"),
                    Err(error) => run.failed(1, "remove what is left of a deleted user", &error),
                }
            }
            // The index is a moment behind.
            Known::There(_) | Known::Gone => {}
            Known::Unread => run.count(|summary| summary.failed += 1),
        }
    }
}

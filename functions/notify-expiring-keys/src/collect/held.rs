//! Holds what is owed to readers who are suspended, until the suspension is lifted.

use std::collections::HashMap;

use domain::{
    id::{OrganizationId, UserId},
    organization, user,
};
use table::{Error, Owed, Suspended, Table};

use crate::{
    directory::{Directory, Lookup},
    run::{Run, table_step},
};

/// Returns who of a user and an organization is suspended, as a run has read them; `None` if neither is.
pub(super) fn suspended(
    directory: &Directory<'_>,
    organization_id: OrganizationId,
    user_id: Option<UserId>,
) -> Option<Suspended> {
    let is_suspended = |user_id: &UserId| {
        matches!(directory.user(*user_id), Lookup::Found(user)
            if user.status == user::Status::Suspended && user.organization_id == organization_id)
    };
    if let Some(user_id) = user_id.filter(is_suspended) {
        return Some(Suspended::User(user_id));
    }
    match directory.organization(organization_id) {
        Lookup::Found(found) if found.status == organization::Status::Suspended => {
            Some(Suspended::Organization(organization_id))
        }
        _ => None,
    }
}

/// Holds items, each with who is suspended. Those of a suspension that was lifted meanwhile stay due.
pub(super) async fn hold(run: &Run, table: &Table, owed: &[(Suspended, Owed<'_>)]) {
    let mut by_reader: HashMap<Suspended, Vec<Owed<'_>>> = HashMap::new();
    for (suspended, owed) in owed {
        by_reader.entry(*suspended).or_default().push(*owed);
    }
    for (suspended, owed) in by_reader {
        match table_step(table.hold(suspended, &owed, run.now)).await {
            Ok(()) => {
                run.count(|summary| summary.waiting += owed.len());
                let count = owed.len();
                tracing::info!(count, reader = ?suspended, "held what is owed to a suspended reader");
            }
            Err(Error::Conflict) => run.count(|summary| summary.left_over += owed.len()),
            Err(error) => {
                run.record_failure(owed.len(), "hold what is owed to a suspended reader", &error);
            }
        }
    }
}

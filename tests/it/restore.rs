//! The drill of a restore: an earlier state of the table is put back, and `infra/replay` repeats what was ended since.

mod address;
mod archive;
mod boundaries;
mod callers;
mod catalog;
mod crashes;
mod decisions;
mod drill;
mod edges;
mod fields;
mod forged;
mod invariants;
mod organizations;
mod random;
mod refusals;
mod scene;
mod sessions;
mod unreadable;
mod without_old_table;

use kit::Organization;
use serde_json::Value;

async fn patch_user(organization: &Organization, user_id: &str, body: Value) {
    organization.owner.patch(&organization.user_path(user_id), body).await.expect(200);
}

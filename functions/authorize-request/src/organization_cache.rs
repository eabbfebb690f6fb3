//! Organizations with their roles and groups, at most ten seconds old.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::id::OrganizationId;
use table::{Snapshot, Table};

use crate::cache::Cache;

/// The greatest age of a snapshot, and so the longest time that a suspension takes.
const MAX_AGE: Duration = Duration::from_secs(10);

/// Snapshots of organizations.
#[derive(Debug)]
pub(crate) struct OrganizationCache(Cache<OrganizationId, Snapshot>);

impl Default for OrganizationCache {
    fn default() -> Self {
        Self(Cache::new(MAX_AGE))
    }
}

impl OrganizationCache {
    /// Returns the organization, and reads it where the cached snapshot is too old.
    pub(crate) async fn get(
        &self,
        table: &Table,
        id: OrganizationId,
    ) -> Result<Option<Arc<Snapshot>>, table::Error> {
        if let Some(snapshot) = self.0.get(&id) {
            return Ok(Some(snapshot));
        }
        let read_began = Instant::now();
        let Some(snapshot) = table.snapshot(id).await?.map(Arc::new) else { return Ok(None) };
        self.0.put(id, read_began, Arc::clone(&snapshot));
        Ok(Some(snapshot))
    }
}

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::id::OrganizationId;
use lru::LruCache;
use table::{Snapshot, Table};

/// How old what is known of an organization may be.
const MAX_AGE: Duration = Duration::from_secs(10);

const CAPACITY: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// Organizations as they were at most ten seconds ago.
#[derive(Debug)]
pub(crate) struct Snapshots(Mutex<LruCache<OrganizationId, (Instant, Arc<Snapshot>)>>);

impl Default for Snapshots {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl Snapshots {
    /// Returns the organization, read anew where the last read began too long ago.
    pub(crate) async fn get(
        &self,
        table: &Table,
        id: OrganizationId,
    ) -> Result<Option<Arc<Snapshot>>, table::Error> {
        if let Some(held) = self.held(id) {
            return Ok(Some(held));
        }
        let began = Instant::now();
        let Some(snapshot) = table.snapshot(id).await?.map(Arc::new) else { return Ok(None) };
        let mut snapshots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.put(id, (began, Arc::clone(&snapshot)));
        Ok(Some(snapshot))
    }

    fn held(&self, id: OrganizationId) -> Option<Arc<Snapshot>> {
        let mut snapshots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, snapshot) = snapshots.get(&id)?;
        (began.elapsed() < MAX_AGE).then(|| Arc::clone(snapshot))
    }
}

//! The grants of the roles and groups of some organizations, as this instance has read them.
//!
//! In an organization at every limit they take most of the 21 read units of an introspection. Without this, whoever holds one of its
//! keys could take a large part of the capacity of its partition, by introspecting that key.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{id::OrganizationId, organization::Status, permission_index::PermissionIndex};
use lru::LruCache;
use table::{DecisionSnapshot, DecisionVersion, Table};

/// The most organizations that are kept.
const MAX_ORGANIZATIONS: NonZeroUsize = NonZeroUsize::new(16).expect("not zero");

/// The grants of each organization, with a version of the roles and groups that was read before them.
#[derive(Debug)]
pub(crate) struct KnownCatalogs(Mutex<LruCache<OrganizationId, (u64, Arc<PermissionIndex>)>>);

impl Default for KnownCatalogs {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_ORGANIZATIONS)))
    }
}

impl KnownCatalogs {
    /// Reads the status of an organization, strongly, and returns it with the grants of its roles and groups. `None` when it
    /// does not exist.
    ///
    /// Reads the roles and groups only if their version, which is read each time, is not the one that is kept. A change gives
    /// them another version in its own transaction, and no version ever comes back.
    pub(crate) async fn read(
        &self,
        table: &Table,
        id: OrganizationId,
    ) -> Result<Option<(Status, Arc<PermissionIndex>)>, table::Error> {
        let Some(DecisionVersion { status, catalog: version }) = table.decision_version(id).await? else {
            return Ok(None);
        };
        if let Some(permissions) = self.of_version(id, version) {
            return Ok(Some((status, permissions)));
        }
        let Some(DecisionSnapshot { status, catalog }) = table.decision_snapshot(id).await? else {
            return Ok(None);
        };
        let permissions = PermissionIndex::new(&catalog).map_err(table::Error::corrupt_catalog)?;
        let permissions = Arc::new(permissions);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.put(id, (version, Arc::clone(&permissions)));
        Ok(Some((status, permissions)))
    }

    fn of_version(&self, id: OrganizationId, version: u64) -> Option<Arc<PermissionIndex>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&id).filter(|(known, _)| *known == version).map(|(_, permissions)| Arc::clone(permissions))
    }
}

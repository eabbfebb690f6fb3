//! What a decision needs of organizations, at most ten seconds old.

use std::{sync::Arc, time::Duration};

use api::app::Moment;
use domain::{id::OrganizationId, organization::Status, permission_index::PermissionIndex};
use table::{DecisionSnapshot, Table};

use crate::cache::{Cache, Weighed};

/// The greatest age of what is kept, and so the longest time that a suspension takes.
const MAX_AGE: Duration = Duration::from_secs(10);

/// The most memory for organizations, in bytes.
const MAX_BYTES: usize = 8 << 20;

/// What a decision needs of an organization.
#[derive(Debug)]
pub(crate) struct CachedOrganization {
    pub(crate) status: Status,
    pub(crate) permissions: PermissionIndex,
}

impl Weighed for CachedOrganization {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.permissions.bytes()
    }
}

/// Organizations by their ids.
#[derive(Debug)]
pub(crate) struct OrganizationCache(Cache<OrganizationId, CachedOrganization>);

impl Default for OrganizationCache {
    fn default() -> Self {
        Self(Cache::new(MAX_AGE, MAX_BYTES))
    }
}

impl OrganizationCache {
    /// Returns the organization, and reads it where what is kept of it is too old. An age counts from the start of
    /// the request that reads.
    pub(crate) async fn get(
        &self,
        table: &Table,
        id: OrganizationId,
        now: Moment,
    ) -> Result<Option<Arc<CachedOrganization>>, table::Error> {
        if let Some(organization) = self.0.get(&id, now) {
            return Ok(Some(organization));
        }
        let Some(DecisionSnapshot { status, catalog }) = table.decision_snapshot(id).await? else {
            return Ok(None);
        };
        let permissions = PermissionIndex::new(&catalog).map_err(table::Error::corrupt_catalog)?;
        let organization = Arc::new(CachedOrganization { status, permissions });
        self.0.put(id, now, Arc::clone(&organization));
        Ok(Some(organization))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// An organization whose roles take some 100 KB.
    fn large() -> CachedOrganization {
        let roles: Vec<_> = (0..50).map(|role| format!("role-{role:02} {}", permissions(role))).collect();
        let catalog = serde_json::json!({"permissions_of_roles": roles.join(","), "roles_of_groups": ""});
        let catalog = serde_json::from_value(catalog).unwrap();
        CachedOrganization { status: Status::Active, permissions: PermissionIndex::new(&catalog).unwrap() }
    }

    fn permissions(role: usize) -> String {
        let of_role: Vec<_> = (0..20).map(|number| format!("a{role}-{number}:{}", "x".repeat(90))).collect();
        of_role.join(" ")
    }

    #[test]
    fn organizations_take_eight_mebibytes_at_most() {
        let (cache, organization) = (OrganizationCache::default(), Arc::new(large()));
        let each = organization.bytes();
        assert!(each > 100_000, "{each}");
        let now = Moment::of_gateway(1_790_000_000_000).unwrap();
        let ids: Vec<_> = (0..200).map(|_| OrganizationId::random()).collect();
        for id in &ids {
            cache.0.put(*id, now, Arc::clone(&organization));
        }
        let kept = ids.iter().filter(|id| cache.0.get(id, now).is_some()).count();
        assert!(kept * each <= 8 << 20 && (kept + 1) * (each + 1_024) > 8 << 20, "{kept} of {each} bytes");
    }
}

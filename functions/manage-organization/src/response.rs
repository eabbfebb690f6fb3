//! An organization as the API shows it.

use domain::{
    id::OrganizationId,
    organization::{Organization, Status},
    policy::Policy,
    text::Name,
};
use serde::Serialize;

/// An organization as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct OrganizationResponse {
    organization_id: OrganizationId,
    name: Name,
    status: Status,
    policy: Policy,
    created_at: String,
    version: u64,
}

impl From<Organization> for OrganizationResponse {
    fn from(organization: Organization) -> Self {
        Self {
            organization_id: organization.organization_id,
            name: organization.name,
            status: organization.status,
            policy: organization.policy,
            created_at: organization.created_at.to_string(),
            version: organization.version,
        }
    }
}

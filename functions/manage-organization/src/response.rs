//! An organization as the API shows it, and one of a person's list.

use api::Instant;
use domain::{
    id::{OrganizationId, UserId},
    organization::{Organization, Status},
    policy::Policy,
    text::Name,
    user::Kind,
};
use serde::Serialize;
use table::Membership;

/// An organization as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Organization"))]
pub(crate) struct OrganizationResponse {
    organization_id: OrganizationId,
    name: Name,
    status: Status,
    policy: Policy,
    created_at: Instant,
    version: u64,
}

impl From<Organization> for OrganizationResponse {
    fn from(organization: Organization) -> Self {
        Self {
            organization_id: organization.organization_id,
            name: organization.name,
            status: organization.status,
            policy: organization.policy,
            created_at: Instant(organization.created_at),
            version: organization.version,
        }
    }
}

/// An organization in the list of a person's organizations, with the person's user in it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Membership"))]
pub(crate) struct MembershipResponse {
    #[serde(flatten)]
    organization: OrganizationResponse,
    user_id: UserId,
    user_kind: Kind,
    /// Whether the person has not signed in to it yet.
    invited: bool,
}

impl From<Membership> for MembershipResponse {
    fn from(Membership { organization, user }: Membership) -> Self {
        Self {
            organization: organization.into(),
            user_id: user.user_id,
            user_kind: user.kind,
            invited: user.subject.is_none(),
        }
    }
}

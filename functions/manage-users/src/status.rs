//! The states of a user that requests name. No request names deleted users.

use domain::user::Status;
use serde::Deserialize;

/// A state that a user can be given, and by which users are filtered.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "WantedUserStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum RequestedStatus {
    Active,
    Suspended,
}

impl From<RequestedStatus> for Status {
    fn from(status: RequestedStatus) -> Self {
        match status {
            RequestedStatus::Active => Self::Active,
            RequestedStatus::Suspended => Self::Suspended,
        }
    }
}

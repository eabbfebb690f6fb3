//! What passes while an organization is suspended: reading it and lifting the suspension, deleting it, and leaving.

use domain::{
    organization::Status,
    user::{Kind, User},
};

use crate::authorizer_request::AuthorizerRequest;

/// The route on which an owner deletes an organization.
const ORGANIZATION_DELETION: &str = "DELETE /v1/organizations/{organization_id}";

/// The route on which people leave an organization, if the path names them.
const USER_DELETION: &str = "DELETE /v1/organizations/{organization_id}/users/{user_id}";

/// The routes on which an owner reads a suspended organization, learns what they are in it, and lifts the suspension.
const ALLOWED_WHILE_SUSPENDED: [&str; 3] = [
    "GET /v1/organizations/{organization_id}",
    "GET /v1/organizations/{organization_id}/whoami",
    "PATCH /v1/organizations/{organization_id}",
];

/// Whether a request may pass while its organization is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhileSuspended {
    /// It is refused, as nearly every request is.
    Refused,
    /// It passes, so that an owner can read the organization and lift the suspension, and people can leave.
    Allowed,
    /// It passes in a deleted organization too, so that an owner can finish the deletion.
    AllowedAndDeleted,
}

impl WhileSuspended {
    /// Decides for a sign-in. A request with an access key is always refused.
    pub(crate) fn of_sign_in(request: &AuthorizerRequest, user: &User) -> Self {
        let (route, is_owner) = (request.ids.route.as_str(), user.kind == Kind::Owner);
        let names_the_caller = || {
            let named = request.path.rsplit('/').next();
            named.is_some_and(|named| named == "me" || named == user.user_id.as_str())
        };
        if !request.sign_in_routes {
            Self::Refused
        } else if is_owner && route == ORGANIZATION_DELETION {
            Self::AllowedAndDeleted
        } else if is_owner && ALLOWED_WHILE_SUSPENDED.contains(&route)
            || route == USER_DELETION && names_the_caller()
        {
            Self::Allowed
        } else {
            Self::Refused
        }
    }

    /// Tells whether the request passes in an organization of this status.
    pub(crate) fn passes(self, status: Status) -> bool {
        match status {
            Status::Active => true,
            Status::Suspended => self != Self::Refused,
            Status::Deleted => self == Self::AllowedAndDeleted,
        }
    }
}

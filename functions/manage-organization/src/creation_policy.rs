//! The rule of this installation about who may create organizations.

use std::str::FromStr;

use domain::{
    Error,
    permission::{BadPermission, Permission},
    sign_in::SignedIn,
};

/// Who may create organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CreationPolicy {
    /// Everybody who signs in.
    Open,
    /// Everybody whose sign-in carries this permission, in its scope or among its permissions.
    Restricted(Permission),
}

impl FromStr for CreationPolicy {
    type Err = BadPermission;

    fn from_str(text: &str) -> Result<Self, BadPermission> {
        match text {
            "open" => Ok(Self::Open),
            permission => Permission::try_from(permission.to_owned()).map(Self::Restricted),
        }
    }
}

impl CreationPolicy {
    /// Allows or refuses a sign-in.
    pub(crate) fn permit(&self, sign_in: &SignedIn) -> Result<(), Error> {
        match self {
            Self::Restricted(needed) if !sign_in.permissions.cover(needed) => {
                Err(Error::Forbidden { needs: format!("a sign-in that carries the permission {needed}") })
            }
            _ => Ok(()),
        }
    }
}

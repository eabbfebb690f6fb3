//! Access decisions: who may do what, as one table.

#[cfg(test)]
mod tests;

use crate::{
    Error,
    id::{KeyId, UserId},
    permission::{Permission, covered, first_not_covered},
    user::{Kind, User},
};

/// The caller of a request, as access decisions see it.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user.
    pub user_id: UserId,
    /// Its kind.
    pub kind: Kind,
    /// The permissions that the authorizer established.
    pub permissions: Vec<Permission>,
    /// The key that the caller presented; `None` after a sign-in.
    pub key_id: Option<KeyId>,
}

/// The user whose data a request reads or changes.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// The user.
    pub user_id: UserId,
    /// Its kind.
    pub kind: Kind,
    /// The key that the request names, if any.
    pub key_id: Option<KeyId>,
}

impl User {
    /// Returns the user as the resource of an access decision.
    #[must_use]
    pub const fn as_resource(&self) -> Resource {
        Resource { user_id: self.user_id, kind: self.kind, key_id: None }
    }
}

impl Resource {
    /// Narrows the resource to one key of the user.
    #[must_use]
    pub const fn with_key(self, key_id: KeyId) -> Self {
        Self { key_id: Some(key_id), ..self }
    }
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Reads the organization.
    ReadOrganization,
    /// Changes the organization: its name, policy and status.
    WriteOrganization,
    /// Deletes the organization.
    DeleteOrganization,
    /// Reads roles and groups.
    ReadRoles,
    /// Sets and removes roles and groups.
    WriteRoles,
    /// Lists users.
    ListUsers,
    /// Reads a user.
    ReadUser,
    /// Changes a user's name and switches.
    WriteProfile,
    /// Creates a user, or changes its kind, status, roles, groups or e-mail.
    WriteUser,
    /// Deletes a user. People who delete their own user leave the organization.
    DeleteUser,
    /// Makes somebody an owner: nobody grants what they do not hold, and owners hold everything.
    MakeOwner,
    /// Lists the keys of the whole organization.
    ListKeys,
    /// Reads a key, or lists the keys of one user.
    ReadKey,
    /// Makes a key and its secret.
    CreateKey,
    /// Makes a new secret for a key.
    RotateKey,
    /// Changes a key, except by switching it off.
    WriteKey,
    /// Ends a key, or switches it off: revokes, deletes or deactivates it.
    EndKey,
    /// Lists audit events.
    ReadAudit,
    /// Lists, marks or deletes the messages of an inbox.
    ReadInbox,
}

/// The right by which an action is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The caller holds the permission.
    Held,
    /// The resource is the caller's own, or their organization. A narrowed key does not bring this right.
    Own,
    /// The resource is the key that the caller presented.
    Itself,
}

/// To whom an action is open, besides or among the holders of its permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Holders, for the whole organization.
    Organization,
    /// Holders, and every person of the organization.
    OrPeople,
    /// Holders for the whole organization; people for their own resources.
    OrOwn,
    /// Holders, for all resources but their own; people for their own, with a sign-in alone.
    OrOwnSignedIn,
    /// Owners, with a sign-in alone.
    SignedInOwners,
    /// People for their own resources; holders for those of machines only.
    OwnOrMachines,
    /// As [`Extent::OwnOrMachines`], and every key for itself.
    OwnOrMachinesOrItself,
    /// People for their own resources alone, whatever others hold.
    Own,
}

const TABLE: [(Action, &str, Extent); 19] = [
    (Action::ReadOrganization, "organization:read", Extent::OrPeople),
    (Action::WriteOrganization, "organization:write", Extent::Organization),
    (Action::DeleteOrganization, "*", Extent::SignedInOwners),
    (Action::ReadRoles, "roles:read", Extent::Organization),
    (Action::WriteRoles, "roles:write", Extent::Organization),
    (Action::ListUsers, "users:read", Extent::Organization),
    (Action::ReadUser, "users:read", Extent::OrOwn),
    (Action::WriteProfile, "users:write", Extent::OrOwn),
    (Action::WriteUser, "users:write", Extent::Organization),
    (Action::DeleteUser, "users:write", Extent::OrOwnSignedIn),
    (Action::MakeOwner, "*", Extent::Organization),
    (Action::ListKeys, "access-keys:read", Extent::Organization),
    (Action::ReadKey, "access-keys:read", Extent::OrOwn),
    (Action::CreateKey, "access-keys:write", Extent::OwnOrMachines),
    (Action::RotateKey, "access-keys:write", Extent::OwnOrMachinesOrItself),
    (Action::WriteKey, "access-keys:write", Extent::OwnOrMachines),
    (Action::EndKey, "access-keys:write", Extent::OrOwn),
    (Action::ReadAudit, "audit:read", Extent::Organization),
    // No permission opens it, `*` included.
    (Action::ReadInbox, "", Extent::Own),
];

/// Lists the rules: each action with its permission and its extent.
pub fn rules() -> impl Iterator<Item = (Action, &'static str, Extent)> {
    TABLE.iter().copied()
}

impl Actor {
    /// Returns the caller's own user as the resource of an access decision.
    #[must_use]
    pub const fn as_resource(&self) -> Resource {
        Resource { user_id: self.user_id, kind: self.kind, key_id: None }
    }

    /// Allows or refuses `action` on the organization as a whole.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        match rule(action) {
            (_, Extent::Own) => Err(theirs_alone()),
            (_, Extent::SignedInOwners) if self.kind != Kind::Owner || self.key_id.is_some() => {
                Err(Error::Forbidden { needs: "the sign-in of an owner".to_owned() })
            }
            (permission, _) => self.require(permission),
        }
    }

    /// Allows or refuses `action` on a resource, and returns the right that allows it.
    pub fn may_for(&self, action: Action, resource: Resource) -> Result<Right, Error> {
        let (permission, extent) = rule(action);
        let own = self.user_id == resource.user_id && self.kind != Kind::Machine;
        let held = || self.require(permission).map(|()| Right::Held);
        let itself = self.key_id.is_some() && self.key_id == resource.key_id;
        match extent {
            Extent::OwnOrMachinesOrItself if itself => Ok(Right::Itself),
            Extent::OrPeople if self.kind != Kind::Machine => held().or(Ok(Right::Own)),
            Extent::SignedInOwners => self.may(action).map(|()| Right::Held),
            Extent::Organization | Extent::OrPeople => held(),
            Extent::OrOwnSignedIn if own && self.key_id.is_some() => {
                Err(Error::Forbidden { needs: "a sign-in: nobody leaves with a key".to_owned() })
            }
            Extent::OrOwnSignedIn => {
                if own {
                    Ok(Right::Own)
                } else {
                    held()
                }
            }
            Extent::OrOwn => held().or_else(|refusal| if own { Ok(Right::Own) } else { Err(refusal) }),
            Extent::OwnOrMachines | Extent::OwnOrMachinesOrItself | Extent::Own if own => Ok(Right::Own),
            Extent::Own => Err(theirs_alone()),
            Extent::OwnOrMachines | Extent::OwnOrMachinesOrItself if resource.kind == Kind::Machine => held(),
            Extent::OwnOrMachines | Extent::OwnOrMachinesOrItself => {
                Err(Error::Forbidden { needs: "the user themselves: people keep their own keys".to_owned() })
            }
        }
    }

    /// Refuses to grant a permission that the caller does not hold.
    pub fn may_grant(&self, permissions: &[Permission]) -> Result<(), Error> {
        self.holds_each(permissions, "which nobody grants who does not hold it")
    }

    /// Refuses to change or remove what carries a permission that the caller does not hold.
    pub(crate) fn holds_all_of(&self, carried: &[Permission]) -> Result<(), Error> {
        self.holds_each(carried, "because nobody changes what carries more than they hold")
    }

    fn holds_each(&self, permissions: &[Permission], why: &str) -> Result<(), Error> {
        match first_not_covered(&self.permissions, permissions) {
            Some(missing) => Err(Error::Forbidden { needs: format!("the permission {missing}, {why}") }),
            None => Ok(()),
        }
    }

    fn require(&self, permission: &str) -> Result<(), Error> {
        if covered(&self.permissions, permission) {
            Ok(())
        } else {
            Err(Error::Forbidden { needs: format!("the permission {permission}") })
        }
    }
}

fn theirs_alone() -> Error {
    Error::Forbidden { needs: "the person themselves: this is nobody else's".to_owned() }
}

fn rule(action: Action) -> (&'static str, &'static Extent) {
    let (_, permission, extent) =
        TABLE.iter().find(|(listed, ..)| *listed == action).expect("the table lists every action");
    (permission, extent)
}

//! Prevents privilege escalation: what a caller must hold to give, change or remove permissions.
//!
//! Nobody gives a permission that they do not hold. Nobody changes or removes a user, role, group or key
//! that carries a permission they do not hold. A key loosens no key of its own user. Only ending a key is
//! free of these rules, because it must always be possible.

mod keys;
mod names;
#[cfg(test)]
mod tests;

use crate::{
    Error,
    access::{Actor, Right},
    grant::{grants_of, of_user, permissions},
    organization::{self, Organization},
    permission::Permission,
    role::{Catalog, Group, Role},
    user::{Kind, User},
};

use self::names::Names;

pub use self::keys::loosens;

impl Actor {
    /// Checks that the caller may create `user`.
    pub fn may_create_user(&self, user: &User, catalog: &Catalog) -> Result<(), Error> {
        self.may_name(Names::of_user(user), None, catalog)?;
        self.may_grant(&permissions(of_user(user, catalog)))
    }

    /// Checks a change of a user, by the right that opened it.
    ///
    /// People change their name and switches by [`Right::Own`]. For everything else the caller must hold
    /// all that the user may do before the change, and all that the change gives.
    pub fn may_change_user(
        &self,
        right: Right,
        before: &User,
        after: &User,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        if right == Right::Own {
            return Ok(());
        }
        self.may_remove_user(before, catalog)?;
        if (before.kind == Kind::Machine) != (after.kind == Kind::Machine) {
            let rule = "never changes between person (owner, normal) and machine; create another user";
            return Err(Error::invalid("kind", rule));
        }
        if after.kind == Kind::Owner {
            self.may_grant(&[Permission::all()])?;
        }
        let (roles, groups) = Names::of_user(after).not_in(Names::of_user(before));
        self.may_name(Names { roles: &roles, groups: &groups }, None, catalog)
    }

    /// Checks that the caller may remove `user`.
    pub fn may_remove_user(&self, user: &User, catalog: &Catalog) -> Result<(), Error> {
        self.holds_all_of(&permissions(of_user(user, catalog)))
    }

    /// Checks that the caller may set a role; `before` is the role that it replaces.
    pub fn may_set_role(&self, before: Option<&Role>, after: &Role) -> Result<(), Error> {
        before.map_or(Ok(()), |before| self.may_remove_role(before))?;
        self.may_grant(&after.permissions)
    }

    /// Checks that the caller may remove a role.
    pub fn may_remove_role(&self, role: &Role) -> Result<(), Error> {
        self.holds_all_of(&role.permissions)
    }

    /// Checks that the caller may set a group; `before` is the group that it replaces.
    pub fn may_set_group(
        &self,
        before: Option<&Group>,
        after: &Group,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        before.map_or(Ok(()), |before| self.may_remove_group(before, catalog))?;
        let named = Names { roles: &after.roles, groups: &[] };
        let kept = Names { roles: before.map_or(&[], |before| &before.roles), groups: &[] };
        let (roles, _) = named.not_in(kept);
        self.may_name(Names { roles: &roles, groups: &[] }, None, catalog)
    }

    /// Checks that the caller may remove a group.
    pub fn may_remove_group(&self, group: &Group, catalog: &Catalog) -> Result<(), Error> {
        self.holds_all_of(&permissions(grants_of(&group.roles, &[], catalog)))
    }

    /// Checks a change of an organization.
    ///
    /// A suspended one is changed by an owner's sign-in alone. Fewer notices need every permission, because
    /// they silence owners too.
    pub fn may_change_organization(&self, before: &Organization, after: &Organization) -> Result<(), Error> {
        let signed_in_owner = self.kind == Kind::Owner && self.key_id.is_none();
        if before.status == organization::Status::Suspended && !signed_in_owner {
            let needs = "the sign-in of an owner, who alone lifts a suspension".to_owned();
            return Err(Error::Forbidden { needs });
        }
        if after.policy.notices.are_fewer_than(&before.policy.notices) {
            self.holds_all_of(&[Permission::all()])?;
        }
        Ok(())
    }
}

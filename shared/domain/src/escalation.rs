//! Prevents privilege escalation: what a caller must hold to give, change or remove permissions.
//!
//! Nobody gives a permission that they do not hold. Nobody changes or removes a user, role, group or key
//! that carries a permission they do not hold. A key loosens no key of its own user. Only ending a key is
//! free of these rules, because it must always be possible.

use std::slice;

use crate::{
    Error,
    access::{Action, Actor, Right},
    access_key::{AccessKey, ends_later},
    cidr,
    grant::{effective, grants_of, of_user, permissions},
    organization::{self, Organization},
    permission::{Permission, covered},
    role::{Catalog, Group, Label, Role},
    user::{Kind, User},
};

/// Roles and groups that a request names.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    roles: &'a [Label],
    groups: &'a [Label],
}

impl<'a> Names<'a> {
    fn of_user(user: &'a User) -> Self {
        Self { roles: &user.roles, groups: &user.groups }
    }

    fn of_key(key: &'a AccessKey) -> Self {
        Self {
            roles: key.roles.as_deref().unwrap_or_default(),
            groups: key.groups.as_deref().unwrap_or_default(),
        }
    }

    /// Lists the names that `before` does not have: roles and groups.
    fn not_in(self, before: Self) -> (Vec<Label>, Vec<Label>) {
        let new = |after: &[Label], before: &[Label]| {
            after.iter().filter(|name| !before.contains(name)).cloned().collect()
        };
        (new(self.roles, before.roles), new(self.groups, before.groups))
    }
}

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

    /// Checks that the caller may create `key` for `user`.
    ///
    /// `presented` is the key that the caller came with. What it creates for its own user stays within its
    /// own networks, roles and groups. The expiry is free: machines renew themselves by successors.
    pub fn may_create_key(
        &self,
        right: Right,
        presented: Option<&AccessKey>,
        key: &AccessKey,
        user: &User,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let own = (right == Right::Own).then_some(user);
        let named = Names::of_key(key);
        match presented.filter(|presented| presented.user_id() == key.user_id()) {
            Some(presented) => {
                let (roles, groups) = named.not_in(Names::of_key(presented));
                self.may_name(Names { roles: &roles, groups: &groups }, own, catalog)?;
                self.stays_within(presented, key, catalog)?;
            }
            None => self.may_name(named, own, catalog)?,
        }
        if own.is_some() { Ok(()) } else { self.may_grant(&effective(user, Some(key), catalog)) }
    }

    /// Checks that the caller may rotate `key`, which shows them a secret of it.
    ///
    /// `presented` is the key that the caller came with: the rule of [`Actor::may_create_key`] holds.
    pub fn may_rotate_key(
        &self,
        right: Right,
        presented: Option<&AccessKey>,
        key: &AccessKey,
        user: &User,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        match right {
            Right::Itself => return Ok(()),
            Right::Own => {}
            Right::Held => self.holds_all_of(&effective(user, Some(key), catalog))?,
        }
        match presented.filter(|presented| presented.user_id() == key.user_id()) {
            Some(presented) => self.stays_within(presented, key, catalog),
            None => Ok(()),
        }
    }

    /// Checks a change of a key of `user` that does more than end it, by the right that opened it.
    ///
    /// The caller must hold all that the key may do before the change, all that the roles and groups grant
    /// which the change names for the first time, and for a loosening all that the key may do after it.
    pub fn may_change_key(
        &self,
        right: Right,
        before: &AccessKey,
        after: &AccessKey,
        user: &User,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let own = (right == Right::Own).then_some(user);
        if own.is_none() {
            self.holds_all_of(&effective(user, Some(before), catalog))?;
        }
        let (roles, groups) = Names::of_key(after).not_in(Names::of_key(before));
        self.may_name(Names { roles: &roles, groups: &groups }, own, catalog)?;
        if before.deactivated_by.is_some() && after.deactivated_by.is_none() {
            self.may_switch_on(before, user)?;
        }
        if !loosens(before, after) {
            return Ok(());
        }
        if self.key_id.is_some() && self.user_id == user.user_id {
            let needs = "a sign-in or a key of another user: no key loosens a key of its own user".to_owned();
            return Err(Error::Forbidden { needs });
        }
        if own.is_some() { Ok(()) } else { self.may_grant(&effective(user, Some(after), catalog)) }
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

    /// Refuses names of what does not exist, and of what grants more than the caller holds.
    ///
    /// A caller who may not see roles gets the same answer for both, so that it tells no names. `own` is the
    /// caller's own user: it may name what it carries, and its permissions are those of `catalog`, which is
    /// newer than the authorizer's copy.
    fn may_name(&self, named: Names<'_>, own: Option<&User>, catalog: &Catalog) -> Result<(), Error> {
        let held = own.map_or_else(|| self.permissions.clone(), |user| permissions(of_user(user, catalog)));
        let holder = Self { permissions: held, ..self.clone() };
        let sees_names = ["roles:read", "roles:write"].iter().any(|seen| covered(&holder.permissions, seen));
        let refused = |field: &str, name: &Label, noun: &str, exists: bool, granted: &[Permission]| {
            if !sees_names {
                return Error::invalid(field, format!("{name} is no {noun} that you may name"));
            }
            match holder.may_grant(granted) {
                Err(refusal) if exists => refusal,
                _ => Error::invalid(field, format!("{name} is no {noun} of this organization")),
            }
        };
        for name in named.roles {
            let exists = catalog.roles.contains_key(name);
            let granted = permissions(grants_of(slice::from_ref(name), &[], catalog));
            let carried = own.is_some_and(|user| carries_role(user, name, catalog));
            if !(exists && (carried || holder.holds_named(&granted, sees_names))) {
                return Err(refused("roles", name, "role", exists, &granted));
            }
        }
        for name in named.groups {
            let exists = catalog.groups.contains_key(name);
            let granted = permissions(grants_of(&[], slice::from_ref(name), catalog));
            let carried = own.is_some_and(|user| user.groups.contains(name));
            if !(exists && (carried || holder.holds_named(&granted, sees_names))) {
                return Err(refused("groups", name, "group", exists, &granted));
            }
        }
        Ok(())
    }

    /// Tells whether the caller holds what a role or group grants. One that grants nothing counts as held
    /// only for callers who see its name.
    fn holds_named(&self, granted: &[Permission], sees_names: bool) -> bool {
        (sees_names || !granted.is_empty()) && self.may_grant(granted).is_ok()
    }

    /// Checks that `key` stays within the networks, roles and groups of the key that the caller came with.
    fn stays_within(&self, presented: &AccessKey, key: &AccessKey, catalog: &Catalog) -> Result<(), Error> {
        let beyond = |what: &str| {
            Err(Error::Forbidden { needs: format!("{what} within those of the key that you came with") })
        };
        if !cidr::within(key.allowed_cidrs.as_deref(), presented.allowed_cidrs.as_deref()) {
            return beyond("networks");
        }
        if presented.is_narrowed() {
            let (roles, groups) = Names::of_key(key).not_in(Names::of_key(presented));
            let held = self.may_grant(&permissions(grants_of(&roles, &groups, catalog)));
            if !key.is_narrowed() || held.is_err() {
                return beyond("roles and groups");
            }
        }
        Ok(())
    }

    /// Checks who switched a person's key off: the person, or somebody whose right they need.
    fn may_switch_on(&self, before: &AccessKey, user: &User) -> Result<(), Error> {
        match before.deactivated_by {
            Some(by) if user.kind != Kind::Machine && by != user.user_id => self.may(Action::WriteUser),
            Some(_) if user.kind != Kind::Machine && self.user_id != user.user_id => {
                Err(Error::Forbidden { needs: "the user, who switched the key off".to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// Tells whether a change lets a key do more, for longer, or from more places.
#[must_use]
pub fn loosens(before: &AccessKey, after: &AccessKey) -> bool {
    let (roles, groups) = Names::of_key(after).not_in(Names::of_key(before));
    ends_later(before.expires_at, after.expires_at)
        || !cidr::within(after.allowed_cidrs.as_deref(), before.allowed_cidrs.as_deref())
        || before.deactivated_by.is_some() && after.deactivated_by.is_none()
        || before.is_narrowed() && !(after.is_narrowed() && roles.is_empty() && groups.is_empty())
}

fn carries_role(user: &User, role: &Label, catalog: &Catalog) -> bool {
    let groups = user.groups.iter().filter_map(|group| catalog.groups.get(group));
    user.roles.contains(role) || groups.into_iter().any(|group| group.roles.contains(role))
}

#[cfg(test)]
mod tests;

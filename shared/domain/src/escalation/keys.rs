//! Rights to create, rotate and change keys, beyond the right to do so at all.

use super::names::Names;
use crate::{
    Error,
    access::{Action, Actor, Right},
    access_key::{AccessKey, Restrictions, ends_later},
    cidr,
    grant::{effective, grants_of, of_user, permissions},
    role::Catalog,
    user::{Kind, User},
};

impl Actor {
    /// Checks that the caller may create a key with these restrictions for `user`.
    ///
    /// `presented` is the key that the caller came with. What it creates for its own user stays within its
    /// own networks, roles and groups. The expiry is free: machines renew themselves by successors.
    pub fn may_create_key(
        &self,
        right: Right,
        presented: Option<&AccessKey>,
        new: Restrictions<'_>,
        user: &User,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let own = (right == Right::Own).then_some(user);
        let named = Names::of_key(new);
        match presented.filter(|presented| presented.user_id() == user.user_id) {
            Some(presented) => {
                let (roles, groups) = named.not_in(Names::of_key(presented.restrictions()));
                self.may_name(Names { roles: &roles, groups: &groups }, own, catalog)?;
                self.stays_within(presented, new, catalog)?;
            }
            None => self.may_name(named, own, catalog)?,
        }
        // The names of a narrowed key are all that it may do, and the caller holds them.
        if own.is_some() || new.is_narrowed() {
            return Ok(());
        }
        self.may_grant(&permissions(of_user(user, catalog)))
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
            Some(presented) => self.stays_within(presented, key.restrictions(), catalog),
            None => Ok(()),
        }
    }

    /// Checks a change of a key of `user` that does more than end it, by the right that opened it.
    ///
    /// The caller must hold everything that the key may do before the change, and everything that newly named roles
    /// and groups grant. For a loosening, also everything that the key may do after it.
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
        let (roles, groups) =
            Names::of_key(after.restrictions()).not_in(Names::of_key(before.restrictions()));
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

    /// Checks that a key stays within the networks, roles and groups of the key that the caller came with.
    fn stays_within(
        &self,
        presented: &AccessKey,
        new: Restrictions<'_>,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let beyond = |what: &str| {
            Err(Error::Forbidden { needs: format!("{what} within those of the key that you came with") })
        };
        if !cidr::within(new.allowed_cidrs, presented.allowed_cidrs.as_deref()) {
            return beyond("networks");
        }
        if presented.is_narrowed() {
            let (roles, groups) = Names::of_key(new).not_in(Names::of_key(presented.restrictions()));
            let held = self.may_grant(&permissions(grants_of(&roles, &groups, catalog)));
            if !new.is_narrowed() || held.is_err() {
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
    ends_later(before.expires_at, after.expires_at)
        || !cidr::within(after.allowed_cidrs.as_deref(), before.allowed_cidrs.as_deref())
        || before.deactivated_by.is_some() && after.deactivated_by.is_none()
        || after.restrictions().grants_beyond(&before.restrictions())
}

//! The rights that a change of a key takes, beyond the right to change keys.

use api::{HandlerError, Member};
use domain::{
    Error,
    access::Action,
    access_key::AccessKey,
    grant::{check_roles_exist, effective},
    role::{Catalog, Label},
    user::{Kind, User},
};

/// Refuses to grant a permission that the caller does not hold, and to switch on a key that another switched
/// off.
pub(crate) fn check(
    member: &Member,
    before: &AccessKey,
    after: &AccessKey,
    user: &User,
    catalog: &Catalog,
) -> Result<(), HandlerError> {
    let own = member.user_id == user.user_id && user.kind != Kind::Machine;
    if before.roles != after.roles || before.groups != after.groups {
        let new = |after: &Option<Vec<Label>>, before: &Option<Vec<Label>>| -> Vec<Label> {
            let before = before.as_deref().unwrap_or_default();
            after.iter().flatten().filter(|name| !before.contains(name)).cloned().collect()
        };
        check_roles_exist(&new(&after.roles, &before.roles), &new(&after.groups, &before.groups), catalog)?;
        if !own {
            member.actor().may_grant(&effective(user, Some(after), catalog))?;
        }
    }
    // A key that its user switched off is for the user to switch on; any other is for an administrator.
    if let Some(by) =
        before.deactivated_by.filter(|_| after.deactivated_by.is_none() && user.kind != Kind::Machine)
    {
        if by != user.user_id {
            member.actor().may(Action::WriteUser)?;
        } else if !own {
            return Err(Error::Forbidden { needs: "the user, who switched the key off".to_owned() }.into());
        }
    }
    Ok(())
}

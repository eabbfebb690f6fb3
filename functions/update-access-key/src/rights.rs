use api::{Problem, Request};
use domain::{
    access::Action,
    access_key::AccessKey,
    grant::{carries_known, effective},
    role::{Catalog, Label},
    user::{Kind, User},
};

/// Refuses to grant what the caller does not hold, and to switch on what another switched off.
pub(crate) fn check(
    request: &Request,
    before: &AccessKey,
    after: &AccessKey,
    user: &User,
    catalog: &Catalog,
) -> Result<(), Problem> {
    let member = request.member()?;
    let own = member.user_id == user.user_id && user.kind != Kind::Machine;
    if before.roles != after.roles || before.groups != after.groups {
        let new = |after: &Option<Vec<Label>>, before: &Option<Vec<Label>>| -> Vec<Label> {
            let before = before.as_deref().unwrap_or_default();
            after.iter().flatten().filter(|name| !before.contains(name)).cloned().collect()
        };
        carries_known(&new(&after.roles, &before.roles), &new(&after.groups, &before.groups), catalog)?;
        if !own {
            member.actor().may_grant(&effective(user, Some(after), catalog))?;
        }
    }
    // A person lifts only what they switched off themselves; an administrator's switch is lifted by one.
    let lifted = before.deactivated_by.filter(|_| after.deactivated_by.is_none());
    if lifted.is_some_and(|by| by != user.user_id) && user.kind != Kind::Machine {
        member.actor().may(Action::WriteUser)?;
    }
    Ok(())
}

//! Roles and groups: those that were set or deleted become what they are in the old table.

use std::io::Write;

use api::retry_on_conflict;
use domain::{
    access_key::AccessKey,
    audit::{self, Action, Effect},
    role::{Catalog, Group, Label, Role},
    user::User,
};
use serde_json::json;
use table::CatalogChange;

use crate::{
    Error,
    events::{Events, Targets, because, last_of},
    old::OldItem,
    report::{Outcome, Report},
    step::Step,
};

/// The wanted state of a role or group.
enum Wanted {
    Role(Role),
    Group(Group),
    NoRole(Label),
    NoGroup(Label),
}

impl Step<'_> {
    /// Repeats the changes of roles and groups.
    pub(crate) async fn repeat_catalog<W: Write>(
        &self,
        targets: &Targets<'_>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        for (name, events) in &targets.roles {
            let old = OldItem::of(self.old().role(self.organization_id, name).await)?;
            let gone = Wanted::NoRole(name.clone());
            self.repeat_entry(("role", name), events, old.map(Wanted::Role), gone, report).await?;
        }
        for (name, events) in &targets.groups {
            let old = OldItem::of(self.old().group(self.organization_id, name).await)?;
            let gone = Wanted::NoGroup(name.clone());
            self.repeat_entry(("group", name), events, old.map(Wanted::Group), gone, report).await?;
        }
        Ok(())
    }

    async fn repeat_entry<W: Write>(
        &self,
        target: (&str, &Label),
        events: &Events<'_>,
        old: OldItem<Wanted>,
        gone: Wanted,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let mut missed = events.clone();
        missed.retain(|event| !self.history.holds(event));
        let Some(cause) = missed.last().copied() else { return Ok(()) };
        if self.history.has_repeated(target.0, target.1.as_str(), cause) {
            return Ok(());
        }
        let was_deleted = last_of(&missed, &[Effect::Deleted]).is_some();
        let wanted = match old {
            OldItem::Readable(wanted) => wanted,
            OldItem::Missing if was_deleted => gone,
            OldItem::Missing | OldItem::Unreadable => {
                let reason = format!("the {} {} cannot be read in the old table", target.0, target.1);
                self.switch_carriers_off(&gone, cause, &reason, report).await?;
                report.add(Outcome::Unresolved, self.organization_id, target, reason)?;
                // People who sign in have it too, and it may grant permissions that were taken away.
                if last_of(&missed, &[Effect::Deleted, Effect::Narrowed]).is_none() {
                    return Ok(());
                }
                gone
            }
        };
        let done = retry_on_conflict(|| self.set(&wanted, cause)).await;
        self.report(report, target, done)
    }

    /// Switches off the keys that have a role or group, directly or through their users or groups.
    async fn switch_carriers_off<W: Write>(
        &self,
        carried: &Wanted,
        cause: &audit::Event,
        reason: &str,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let snapshot = self.restored().snapshot(self.organization_id).await?;
        let catalog = snapshot.map(|snapshot| snapshot.catalog).unwrap_or_default();
        let names_it = |roles: &[Label], groups: &[Label]| match carried {
            Wanted::Role(Role { name, .. }) | Wanted::NoRole(name) => {
                let through =
                    |group: &Label| catalog.groups.get(group).is_some_and(|one| one.roles.contains(name));
                roles.contains(name) || groups.iter().any(through)
            }
            Wanted::Group(Group { name, .. }) | Wanted::NoGroup(name) => groups.contains(name),
        };
        let concerned = |key: &AccessKey, user: &User| {
            let (roles, groups) = (key.roles.as_deref(), key.groups.as_deref());
            names_it(&user.roles, &user.groups)
                || names_it(roles.unwrap_or_default(), groups.unwrap_or_default())
        };
        self.switch_keys_off(concerned, cause, reason, report).await
    }

    /// Sets or removes a role or group, if it differs.
    async fn set(&self, wanted: &Wanted, cause: &audit::Event) -> Result<Option<(Outcome, String)>, Error> {
        let seen = self.restored().catalog_version(self.organization_id).await?;
        let Some(snapshot) = self.restored().snapshot(self.organization_id).await? else { return Ok(None) };
        let (before, mut after) = (snapshot.catalog, Catalog::default());
        after.clone_from(&before);
        let (write, table) = (!self.replay.dry_run, self.restored());
        let change = |replaces, after: &Catalog| CatalogChange::between(seen, replaces, &before, after);
        match wanted {
            Wanted::Role(role) => {
                let replaced = before.roles.get(&role.name);
                if replaced.is_some_and(|one| {
                    one.permissions == role.permissions && one.description == role.description
                }) {
                    return Ok(None);
                }
                after.roles.insert(role.name.clone(), role.clone());
                let change = above(role.version, change(replaced.map_or(0, |one| one.version), &after));
                let action = replaced
                    .map_or(Action::RoleCreated, |one| Action::RoleUpdated(Effect::of_role(one, role)));
                let changes = json!({"permissions": role.permissions, "description": role.description});
                let event = self.event(action, &role.name, cause, changes);
                let role = Role { version: change.version, ..role.clone() };
                if write {
                    table.set_role(&role, change, &event).await?;
                }
                Ok(Some((Outcome::Copied, because(cause, &cause.action))))
            }
            Wanted::Group(group) => {
                let replaced = before.groups.get(&group.name);
                if replaced
                    .is_some_and(|one| one.roles == group.roles && one.description == group.description)
                {
                    return Ok(None);
                }
                after.groups.insert(group.name.clone(), group.clone());
                let change = above(group.version, change(replaced.map_or(0, |one| one.version), &after));
                let action = replaced
                    .map_or(Action::GroupCreated, |one| Action::GroupUpdated(Effect::of_group(one, group)));
                let changes = json!({"roles": group.roles, "description": group.description});
                let event = self.event(action, &group.name, cause, changes);
                let group = Group { version: change.version, ..group.clone() };
                if write {
                    table.set_group(&group, change, &event).await?;
                }
                Ok(Some((Outcome::Copied, because(cause, &cause.action))))
            }
            Wanted::NoRole(name) => {
                let Some(role) = after.roles.remove(name) else { return Ok(None) };
                let event = self.event(Action::RoleDeleted, name, cause, json!({}));
                if write {
                    table.delete_role(name, change(role.version, &after), &event).await?;
                }
                Ok(Some((Outcome::Deleted, because(cause, cause.at))))
            }
            Wanted::NoGroup(name) => {
                let Some(group) = after.groups.remove(name) else { return Ok(None) };
                let event = self.event(Action::GroupDeleted, name, cause, json!({}));
                if write {
                    table.delete_group(name, change(group.version, &after), &event).await?;
                }
                Ok(Some((Outcome::Deleted, because(cause, cause.at))))
            }
        }
    }
}

/// Gives a change a version above that of the old table, so that no `ETag` comes back.
fn above(old: u64, change: CatalogChange) -> CatalogChange {
    CatalogChange { version: change.version.max(old + 1), ..change }
}

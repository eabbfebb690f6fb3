//! Roles and groups: those that were set or deleted become what they are in the old table.

use std::io::Write;

use api::retry_on_conflict;
use domain::{
    access_key::AccessKey,
    audit::{self, Effect},
    role::{Catalog, Label},
    user::User,
};
use serde_json::json;
use table::CatalogChange;

use crate::{
    Error,
    events::{Events, Targets, are_harmless, because, effect_of, last_of, last_open, restrict, was_created},
    old::OldItem,
    organization_replay::{OrganizationReplay, StepResult, rest},
    report::{Outcome, Report},
    role_or_group::{CatalogKind, RoleOrGroup},
};

/// The wanted state of a role or group.
struct Wanted<'a> {
    kind: CatalogKind,
    name: &'a Label,
    /// The one of the old table; `None` if it is gone.
    old: Option<RoleOrGroup>,
    /// Whether somebody else has changed it in the restored table, so that it may only be restricted.
    only_restricts: bool,
}

impl Wanted<'_> {
    /// Returns what becomes of the role or group of the restored table.
    fn next(&self, now: Option<&RoleOrGroup>) -> Option<RoleOrGroup> {
        match (now, &self.old) {
            (Some(now), Some(old)) if self.only_restricts => Some(now.restricted_to(old)),
            (None, _) if self.only_restricts => None,
            (_, old) => old.clone(),
        }
    }
}

impl OrganizationReplay<'_> {
    /// Repeats the changes of roles and groups.
    pub(crate) async fn repeat_catalog<W: Write>(
        &self,
        targets: &Targets<'_>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        for (kind, named) in [(CatalogKind::Role, &targets.roles), (CatalogKind::Group, &targets.groups)] {
            for (name, events) in named {
                self.repeat_entry(kind, name, events, report).await?;
            }
        }
        Ok(())
    }

    async fn repeat_entry<W: Write>(
        &self,
        kind: CatalogKind,
        name: &Label,
        events: &Events<'_>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let mut missed = events.clone();
        missed.retain(|event| !self.history.holds(event));
        let open = self.history.open(&missed);
        let Some(cause) = last_open(&open, &missed) else { return Ok(()) };
        let target = (kind.as_str(), name);
        let decision = self.history.decision(kind.as_str(), name.as_str());
        let old = match &self.replay.old {
            // Without the old table the events tell that a role or group is gone, but not what it is.
            None if effect_of(cause) == Effect::Deleted => OldItem::Missing,
            _ => self.old(|old| kind.read(old, self.organization_id, name)).await?,
        };
        if decision.is_some_and(|decision| decision.created) {
            let now = kind.read(self.restored(), self.organization_id, name).await?;
            let done = Ok(recreated(now.as_ref(), &old, &open).map(|outcome| {
                (outcome, because(cause, "somebody made another one of this name in the restored table"))
            }));
            return self.report(report, target, done);
        }
        let mut wanted = Wanted { kind, name, old: None, only_restricts: decision.is_some() };
        match old {
            OldItem::Readable(old) => wanted.old = Some(old),
            OldItem::Missing if last_of(&missed, &[Effect::Deleted]).is_some() => {}
            OldItem::Missing | OldItem::Unreadable => {
                if self.is_lost(kind, name, &missed).await? {
                    let reason = "created after the restored instant";
                    return Ok(report.add(Outcome::Lost, self.organization_id, target, reason)?);
                }
                if self.replay.old.is_none() && are_harmless(&missed) {
                    let left = because(cause, "another description");
                    return Ok(report.add(Outcome::Left, self.organization_id, target, left)?);
                }
                let reason = format!("the {kind} {name} {}", self.unreadable());
                if !open.is_empty() {
                    self.switch_off_keys_with(&wanted, cause, &reason, report).await?;
                    // People who sign in have it too, and it may grant permissions that were taken away.
                    if restrict(&open) {
                        let done = retry_on_conflict(|| self.set(&wanted, cause)).await;
                        self.report(report, target, done)?;
                    } else {
                        self.mark(kind.updated(), name, cause).await?;
                    }
                }
                return Ok(report.add(
                    Outcome::Unresolved,
                    self.organization_id,
                    target,
                    because(cause, reason),
                )?);
            }
        }
        if !open.is_empty() {
            let done = retry_on_conflict(|| self.set(&wanted, cause)).await;
            self.report(report, target, done)?;
        }
        let now = kind.read(self.restored(), self.organization_id, name).await?;
        let next = if open.is_empty() { now } else { wanted.next(now.as_ref()) };
        let shown = |one: &Option<RoleOrGroup>| one.as_ref().map(RoleOrGroup::shown).unwrap_or_default();
        let left = rest(cause, (&shown(&next), &shown(&wanted.old)), &missed, decision);
        self.report(report, target, Ok(left))
    }

    /// Tells whether there is no old table, and a role or group was created that the restored table does not have.
    async fn is_lost(&self, kind: CatalogKind, name: &Label, missed: &Events<'_>) -> Result<bool, Error> {
        let may_be = self.replay.old.is_none() && was_created(missed);
        Ok(may_be && kind.read(self.restored(), self.organization_id, name).await?.is_none())
    }

    /// Switches off the keys that have a role or group, directly or through their users or groups.
    async fn switch_off_keys_with<W: Write>(
        &self,
        wanted: &Wanted<'_>,
        cause: &audit::Event,
        reason: &str,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let snapshot = self.restored().snapshot(self.organization_id).await?;
        let catalog = snapshot.map(|snapshot| snapshot.catalog).unwrap_or_default();
        let names_it = |roles: &[Label], groups: &[Label]| match wanted.kind {
            CatalogKind::Role => {
                let through = |group: &Label| {
                    catalog.groups.get(group).is_some_and(|one| one.roles.contains(wanted.name))
                };
                roles.contains(wanted.name) || groups.iter().any(through)
            }
            CatalogKind::Group => groups.contains(wanted.name),
        };
        let concerned = |key: &AccessKey, user: &User| {
            let (roles, groups) = (key.roles.as_deref(), key.groups.as_deref());
            names_it(&user.roles, &user.groups)
                || names_it(roles.unwrap_or_default(), groups.unwrap_or_default())
        };
        self.switch_keys_off(concerned, cause, reason, report).await
    }

    /// Sets or removes a role or group, or records that an event changes nothing of it.
    async fn set(&self, wanted: &Wanted<'_>, cause: &audit::Event) -> StepResult {
        let Wanted { kind, name, .. } = *wanted;
        let seen = self.restored().catalog_version(self.organization_id).await?;
        let Some(snapshot) = self.restored().snapshot(self.organization_id).await? else { return Ok(None) };
        let (before, mut after) = (snapshot.catalog, Catalog::default());
        after.clone_from(&before);
        let current = kind.remove(&mut after, name);
        let next = wanted.next(current.as_ref());
        if next.as_ref().map(RoleOrGroup::shown) == current.as_ref().map(RoleOrGroup::shown) {
            self.mark(kind.updated(), name, cause).await?;
            return Ok(None);
        }
        if let Some(next) = &next {
            next.insert_into(&mut after);
        }
        let replaces = current.as_ref().map_or(0, RoleOrGroup::version);
        let mut change = CatalogChange::between(seen, replaces, &before, &after);
        let Some(next) = next else {
            let event = self.event(kind.deleted(), name, cause, json!({}));
            if !self.replay.dry_run {
                kind.delete(self.restored(), name, change, &event).await?;
            }
            return Ok(Some((Outcome::Deleted, because(cause, cause.at))));
        };
        // No `ETag` of the old table comes back.
        change.version = change.version.max(wanted.old.as_ref().map_or(0, RoleOrGroup::version) + 1);
        let event = self.event(next.action(current.as_ref()), name, cause, next.shown());
        if !self.replay.dry_run {
            next.set(self.restored(), change, &event).await?;
        }
        Ok(Some((Outcome::Copied, because(cause, &cause.action))))
    }
}

/// Returns the outcome for a role or group that somebody made in the restored table: it stays. `None` if it is like the old one.
fn recreated(
    now: Option<&RoleOrGroup>,
    old: &OldItem<RoleOrGroup>,
    open: &[&audit::Event],
) -> Option<Outcome> {
    let is_alike = match (now, old) {
        (Some(now), OldItem::Readable(old)) => now.shown() == old.shown(),
        (None, OldItem::Missing) => true,
        _ => false,
    };
    let outcome = if now.is_some() && restrict(open) { Outcome::Unresolved } else { Outcome::Left };
    (!is_alike).then_some(outcome)
}

//! The organization itself: its deletion, its suspension, its policy and its name.

use std::io::Write;

use api::retry_on_conflict;
use domain::{
    audit::{self, Action, Effect, differences},
    organization::{Organization, Status},
};
use serde_json::json;

use crate::{
    Error,
    events::{Events, Targets, because, effect_of, last_of, was_created},
    old::OldItem,
    report::{Outcome, Report},
    step::Step,
};

impl Step<'_> {
    /// Deletes the organization again if it was deleted. If the restored table does not have it, lists it as lost with its
    /// users and keys. Returns whether the organization needs no further step.
    pub(crate) async fn ends_with_organization<W: Write>(
        &self,
        targets: &Targets<'_>,
        report: &mut Report<W>,
    ) -> Result<bool, Error> {
        let deleted = last_of(&targets.organization, &[Effect::Deleted]);
        let found = self.restored().organization(self.organization_id).await;
        let found = match found {
            Ok(found) => found.filter(|organization| organization.status != Status::Deleted),
            Err(error) => {
                self.report(report, ("organization", self.organization_id), Err(error.into()))?;
                return Ok(true);
            }
        };
        match (found, deleted) {
            (Some(_), None) => return Ok(false),
            (Some(_), Some(cause)) => self.delete_organization(cause, report).await?,
            (None, Some(_)) => {}
            (None, None) => self.list_lost(targets, report)?,
        }
        Ok(true)
    }

    /// Lists an organization that was created after the restored instant, with its users and keys.
    fn list_lost<W: Write>(&self, targets: &Targets<'_>, report: &mut Report<W>) -> Result<(), Error> {
        let is_lost = |events: &Events<'_>| {
            was_created(events) && last_of(events, &[Effect::Deleted, Effect::Revoked]).is_none()
        };
        let mut lost = |kind: &str, id: String| {
            let reason = "created after the restored instant";
            report.add(Outcome::Lost, self.organization_id, (kind, id), reason)
        };
        if is_lost(&targets.organization) {
            lost("organization", self.organization_id.to_string())?;
        }
        for (user_id, _) in targets.users.iter().filter(|(_, events)| is_lost(events)) {
            lost("user", user_id.to_string())?;
        }
        for (key_id, _) in targets.keys.iter().filter(|(_, events)| is_lost(events)) {
            lost("access_key", key_id.to_string())?;
        }
        Ok(())
    }

    /// Marks the organization as deleted. The next runs of notify-expiring-keys remove its items.
    ///
    /// Only the last owner can delete an organization, so the other owners, whom the restore revived, are deleted first.
    async fn delete_organization<W: Write>(
        &self,
        cause: &audit::Event,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let others = match self.restored().organization(self.organization_id).await? {
            Some(organization) => organization.entered_owner_ids.into_iter().skip(1).collect(),
            None => Vec::new(),
        };
        for owner in others {
            let done = retry_on_conflict(|| self.delete_user(owner, cause)).await;
            self.report(report, ("user", owner), done)?;
        }
        if self.replay.dry_run {
            let target = ("organization", self.organization_id);
            return self.report(report, target, Ok(Some((Outcome::Deleted, because(cause, cause.at)))));
        }
        let done = retry_on_conflict(|| self.mark_organization_deleted(cause)).await;
        self.report(report, ("organization", self.organization_id), done)
    }

    async fn mark_organization_deleted(
        &self,
        cause: &audit::Event,
    ) -> Result<Option<(Outcome, String)>, Error> {
        let found = self.restored().organization(self.organization_id).await?;
        let Some(organization) = found.filter(|found| found.status != Status::Deleted) else {
            return Ok(None);
        };
        let owner = match organization.entered_owner_ids.first() {
            Some(owner) => self.restored().user(*owner).await?,
            None => None,
        };
        let missing = || table::Error::from(domain::Error::NotFound { what: "owner" });
        let owner = owner.ok_or_else(missing)?;
        let changes = json!({"name": organization.name});
        let event = self.event(Action::OrganizationDeleted, self.organization_id, cause, changes);
        self.restored().delete_organization(&organization, &owner, &event).await?;
        Ok(Some((Outcome::Deleted, because(cause, cause.at))))
    }

    /// Copies name, status and policy from the old table. If it cannot be read, a suspension is repeated, and all keys of the
    /// organization are switched off.
    pub(crate) async fn repeat_organization<W: Write>(
        &self,
        events: &Events<'_>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let mut missed = events.clone();
        missed.retain(|event| !self.history.holds(event) && !event.action.ends_with(".created"));
        let Some(cause) = missed.last().copied() else { return Ok(()) };
        let target = ("organization", self.organization_id);
        match OldItem::of(self.old().organization(self.organization_id).await)? {
            OldItem::Readable(old) if old.status != Status::Deleted => {
                let copy = |organization: &mut Organization| {
                    organization.name.clone_from(&old.name);
                    organization.status = old.status;
                    organization.suspended_at = old.suspended_at;
                    organization.policy.clone_from(&old.policy);
                    organization.version = organization.version.max(old.version);
                };
                let done = retry_on_conflict(|| self.change_organization(cause, copy)).await;
                self.report(report, target, done)
            }
            OldItem::Readable(_) | OldItem::Missing | OldItem::Unreadable => {
                let reason = "the organization cannot be read in the old table";
                if let Some(cause) = last_of(&missed, &[Effect::Suspended]) {
                    let suspend =
                        |organization: &mut Organization| organization.set_suspended(true, self.now());
                    let done = retry_on_conflict(|| self.change_organization(cause, suspend)).await;
                    self.report(report, target, done)?;
                }
                self.switch_keys_off(|_, _| true, cause, reason, report).await?;
                let reason = format!("{reason}: set its policy ({})", effect_of(cause));
                self.report(report, target, Ok(Some((Outcome::Unresolved, reason))))
            }
        }
    }

    async fn change_organization(
        &self,
        cause: &audit::Event,
        change: impl Fn(&mut Organization),
    ) -> Result<Option<(Outcome, String)>, Error> {
        let id = self.organization_id.to_string();
        let Some(before) = self.restored().organization(self.organization_id).await? else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after);
        let shown =
            |one: &Organization| json!({"name": one.name, "status": one.status, "policy": one.policy});
        let changes = differences(&shown(&before), &shown(&after));
        if changes.is_empty() || self.history.has_repeated("organization", &id, cause) {
            return Ok(None);
        }
        after.version += 1;
        let effect = Effect::of_organization(&before, &after);
        let outcome = if effect == Effect::Suspended { Outcome::Suspended } else { Outcome::Copied };
        let reason = because(cause, changes.keys().cloned().collect::<Vec<_>>().join(", "));
        let event = self.event(Action::OrganizationUpdated(effect), id, cause, changes);
        if !self.replay.dry_run {
            self.restored().update_organization(&before, &after, &event).await?;
        }
        Ok(Some((outcome, reason)))
    }
}

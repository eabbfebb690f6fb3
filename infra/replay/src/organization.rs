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
    events::{Events, Targets, are_harmless, because, concern, effect_of, last_of, last_open, was_created},
    fields,
    history::Decision,
    old::OldItem,
    organization_replay::{OrganizationReplay, StepResult, rest},
    report::{Outcome, Report},
};

impl OrganizationReplay<'_> {
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

    async fn mark_organization_deleted(&self, cause: &audit::Event) -> StepResult {
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

    /// Sets name, status and policy as they are in the old table, if events changed them. If it cannot be read, a suspension
    /// is repeated, and all keys of the organization are switched off.
    pub(crate) async fn repeat_organization<W: Write>(
        &self,
        events: &Events<'_>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let mut missed = events.clone();
        missed.retain(|event| !self.history.holds(event));
        let open = self.history.open(&missed);
        let Some(last) = last_open(&open, &missed) else { return Ok(()) };
        let target = ("organization", self.organization_id);
        let id = self.organization_id.to_string();
        match self.old(|old| old.organization(self.organization_id)).await? {
            OldItem::Readable(old) if old.status != Status::Deleted => {
                let decision = self.history.decision("organization", &id);
                let change = |now: &mut Organization| repeat_fields(now, &old, &open, decision);
                if !open.is_empty() {
                    let done = retry_on_conflict(|| self.change_organization(last, change)).await;
                    self.report(report, target, done)?;
                }
                let Some(mut now) = self.restored().organization(self.organization_id).await? else {
                    return Ok(());
                };
                change(&mut now);
                let left = rest(
                    last,
                    (&fields::of_organization(&now), &fields::of_organization(&old)),
                    &missed,
                    decision,
                );
                self.report(report, target, Ok(left))
            }
            OldItem::Unreadable if self.replay.old.is_none() && are_harmless(&missed) => {
                self.report(report, target, Ok(Some((Outcome::Left, because(last, "another name")))))
            }
            OldItem::Readable(_) | OldItem::Missing | OldItem::Unreadable => {
                let reason = format!("the organization {}", self.unreadable());
                if !open.is_empty() {
                    self.switch_keys_off(|_, _| true, last, &reason, report).await?;
                    let suspends = last_of(&open, &[Effect::Suspended]).is_some();
                    let suspend = |organization: &mut Organization| {
                        if suspends {
                            organization.set_suspended(true, self.now());
                        }
                    };
                    let done = retry_on_conflict(|| self.change_organization(last, suspend)).await;
                    self.report(report, target, done)?;
                }
                let reason = format!("{reason}: set its policy ({})", effect_of(last));
                self.report(report, target, Ok(Some((Outcome::Unresolved, because(last, reason)))))
            }
        }
    }

    /// Changes the organization, or records that an event changes nothing of it.
    async fn change_organization(
        &self,
        cause: &audit::Event,
        change: impl Fn(&mut Organization),
    ) -> StepResult {
        let id = self.organization_id.to_string();
        let Some(before) = self.restored().organization(self.organization_id).await? else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after);
        let changes = differences(&fields::of_organization(&before), &fields::of_organization(&after));
        if changes.is_empty() {
            self.mark(Action::OrganizationUpdated(Effect::Other), id, cause).await?;
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

/// Gives an organization the values of the old table in the fields that `events` changed. Where others have changed it in the
/// restored table, it gets no field that they set, and is restricted but allowed nothing new.
fn repeat_fields(
    now: &mut Organization,
    old: &Organization,
    events: &[&audit::Event],
    decision: Option<&Decision>,
) {
    if concern(events, "name") && decision.is_none_or(|decision| !decision.names("name")) {
        now.name.clone_from(&old.name);
    }
    let suspends = (now.status, old.status) == (Status::Active, Status::Suspended);
    if concern(events, "status") && (decision.is_none() || suspends) {
        now.status = old.status;
        now.suspended_at = old.suspended_at;
    }
    if concern(events, "policy") {
        now.policy =
            if decision.is_none() { old.policy.clone() } else { now.policy.intersection(&old.policy) };
    }
    now.version = now.version.max(old.version);
}

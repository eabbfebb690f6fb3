//! The steps of a replay in one organization: their order, their audit events, and the failures that stay with one step.

use std::{fmt::Display, io::Write};

use domain::{
    Time,
    audit::{self, Action, Event as AuditEvent, Origin},
    id::OrganizationId,
};
use serde_json::Value;
use table::Table;

use crate::{
    Error, Replay,
    events::Targets,
    history::{History, actor},
    report::{Outcome, Report},
    users::ended_users,
};

/// The replay of one organization.
pub(crate) struct Step<'a> {
    pub(crate) replay: &'a Replay,
    pub(crate) organization_id: OrganizationId,
    pub(crate) history: History,
}

impl Step<'_> {
    /// Repeats the events of the organization.
    ///
    /// Keys end first. Then users change, which may need several attempts: an organization keeps an owner at each moment.
    pub(crate) async fn repeat<W: Write>(
        &self,
        events: &[audit::Event],
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let targets = Targets::of(events);
        for event in &targets.unknown {
            let target = (event.target.kind.as_str(), &event.target.id);
            let reason = format!("{}: an event of a newer version", event.action);
            report.add(Outcome::Unresolved, self.organization_id, target, reason)?;
        }
        if self.ends_with_organization(&targets, report).await? {
            return Ok(());
        }
        self.repeat_organization(&targets.organization, report).await?;
        let ended = ended_users(&targets.users);
        self.repeat_keys(&targets.keys, &ended, report).await?;
        self.repeat_users(&targets.users, report).await?;
        self.repeat_catalog(&targets, report).await
    }

    pub(crate) const fn old(&self) -> &Table {
        &self.replay.old
    }

    pub(crate) const fn restored(&self) -> &Table {
        &self.replay.restored
    }

    pub(crate) fn now(&self) -> Time {
        self.replay.at.time()
    }

    /// Makes the audit event of a repeated change. Its `request_id` is the id of the event that caused it.
    pub(crate) fn event(
        &self,
        action: Action,
        target_id: impl Display,
        cause: &AuditEvent,
        changes: impl Into<Value>,
    ) -> AuditEvent {
        let (source_ip, request_id) = (String::new(), cause.audit_id.to_string());
        let origin = Origin { at: self.replay.at, actor: actor(), source_ip, request_id };
        AuditEvent::new(origin, self.organization_id, action, target_id, changes)
    }

    /// Reports the outcome of a step; `None` adds no line. Reports an error that concerns this step alone as unresolved, so
    /// that the other steps continue.
    ///
    /// # Errors
    /// Any other error.
    pub(crate) fn report<W: Write>(
        &self,
        report: &mut Report<W>,
        target: (&str, impl Display),
        done: Result<Option<(Outcome, String)>, Error>,
    ) -> Result<(), Error> {
        let (outcome, reason) = match done {
            Ok(Some(done)) => done,
            Ok(None) => return Ok(()),
            Err(error) if error.is_of_step() => (Outcome::Unresolved, api::causes(&error)),
            Err(error) => return Err(error),
        };
        Ok(report.add(outcome, self.organization_id, target, reason)?)
    }
}

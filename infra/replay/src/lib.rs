//! Repeats on a restored table the changes that ended something in the old table since the restored instant.
//!
//! A restore to a point in time revives what was ended later: revoked keys, deleted and suspended users, narrowed roles. Each
//! audit event of the old table names a target and the effect of a change. Each step is one transaction with an audit
//! event, whose `request_id` is the id of the event that it repeats. So a replay that was cut off can be run again, and
//! nothing is repeated twice. A step sets the fields that the events changed. Where somebody else has changed the target in the
//! restored table meanwhile, a step only restricts, and reports what it left.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`source`] | reads the events of the old table, by organization |
//! | [`archive`] | reads the events of an archive of the bus instead |
//! | [`selection`] | takes the events of some organizations, as many as memory holds |
//! | [`publish`] | sends the events of a table to the bus again |
//! | `history` | tells which events the restored table holds, which ones an earlier run repeated, and what others changed since |
//! | `keys`, `users`, `catalog`, `organization` | repeat the events of one kind of target |
//! | [`stack`] | tells whether a stack uses a table |
//! | [`report`] | prints a line for each step, and counts them |
//! | [`check`] | refuses tables that cannot be the old and the restored one |

pub mod archive;
mod catalog;
pub mod check;
mod error;
mod events;
mod fields;
mod history;
mod keys;
mod lifecycle_event;
mod old;
mod organization;
mod organization_replay;
mod owners;
mod pages;
pub mod publish;
pub mod report;
mod role_or_group;
pub mod selection;
pub mod source;
pub mod stack;
mod user_change;
mod users;

use std::{collections::HashSet, io::Write};

use domain::{Time, Timestamp, audit, id::OrganizationId};
use table::Table;
use ulid::Ulid;

pub use self::error::Error;
use self::{
    history::History,
    organization_replay::OrganizationReplay,
    report::{Outcome, Report},
    source::Source,
};

/// The most consecutive organizations that fail before the replay ends: then the table itself fails, not its items.
pub const MAX_FAILURES: u32 = 3;

/// A replay from one table to another.
#[derive(Debug)]
pub struct Replay {
    /// The table that was in use until the restore; `None` if it is gone. Then items that need its values are closed and listed.
    pub old: Option<Table>,
    /// The table that was restored from it.
    pub restored: Table,
    /// The restored instant.
    pub since: Time,
    /// When the replay began: the time of its changes.
    pub at: Timestamp,
    /// Whether nothing is written.
    pub dry_run: bool,
}

impl Replay {
    /// Lists what only a person can end, ends the sessions of the restored instant, and repeats the events of a source, organization by organization.
    ///
    /// A failure ends the replay of one organization. [`MAX_FAILURES`] consecutive failures end the whole replay.
    ///
    /// # Errors
    /// The last failure, or that of the report. Every reported step is done: run the replay again for the rest.
    pub async fn run<W: Write>(&self, source: &Source, report: &mut Report<W>) -> Result<(), Error> {
        self.report_owners_who_stay(source, report).await?;
        self.end_sessions(report).await?;
        for event in &source.unusable {
            report.unusable_event(event)?;
        }
        let (mut failure, mut failures) = (None, 0);
        for (organization_id, events) in &source.events {
            let mut old = source.excluded.clone();
            old.extend(events.iter().map(|event| event.audit_id));
            match self.repeat((*organization_id, events), &old, source.may_lack_events, report).await {
                Ok(()) => failures = 0,
                Err(error @ Error::Report(_)) => return Err(error),
                Err(error) => {
                    failures += 1;
                    let target = ("organization", *organization_id);
                    report.add(Outcome::Unresolved, *organization_id, target, error.shown())?;
                    failure = Some(error);
                    if failures == MAX_FAILURES {
                        break;
                    }
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Ends the sessions of the console that the restore revived. No event tells who has signed out since, so all end:
    /// people sign in again. Later sessions go on.
    async fn end_sessions<W: Write>(&self, report: &mut Report<W>) -> Result<(), Error> {
        for session in self.restored.scan_sessions(self.since).await? {
            if !self.dry_run {
                self.restored.end_session(&session).await?;
            }
            report.ended_session(&session)?;
        }
        Ok(())
    }

    async fn repeat<W: Write>(
        &self,
        (organization_id, events): (OrganizationId, &[audit::Event]),
        old: &HashSet<Ulid>,
        may_lack_events: bool,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let now = self.at.time();
        let mut history = History::read(&self.restored, organization_id, self.since, now, old).await?;
        history.may_lack_events = may_lack_events;
        OrganizationReplay::new(self, organization_id, events, history).repeat(events, report).await
    }
}

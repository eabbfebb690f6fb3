//! The report of a replay: a line for each step, and a summary.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    io::{self, Write},
};

use domain::{id::OrganizationId, session::SessionHash};

use crate::{publish::Outgoing, source::Unusable};

/// The outcome of a step for its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A key was revoked.
    Revoked,
    /// It was deleted.
    Deleted,
    /// A user or organization was suspended.
    Suspended,
    /// A key was switched off.
    SwitchedOff,
    /// The target has the values of the old table.
    Copied,
    /// A user was linked to its sign-in.
    Linked,
    /// An owner was copied, because the organization would have no owner otherwise.
    Created,
    /// The target was created after the restored instant, so the restored table does not have it.
    Lost,
    /// A later change was not repeated: it ended nothing, or somebody has decided on the target in the restored table since.
    Left,
    /// Something that was ended may still work. A person must look.
    Unresolved,
}

impl Outcome {
    const ALL: [Self; 10] = [
        Self::Revoked,
        Self::Deleted,
        Self::Suspended,
        Self::SwitchedOff,
        Self::Copied,
        Self::Linked,
        Self::Created,
        Self::Lost,
        Self::Left,
        Self::Unresolved,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::Suspended => "suspended",
            Self::SwitchedOff => "switched_off",
            Self::Copied => "copied",
            Self::Linked => "linked",
            Self::Created => "created",
            Self::Lost => "lost",
            Self::Left => "left",
            Self::Unresolved => "unresolved",
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Prints a line for each step: outcome, kind and id of the target, organization, and the reason, with tabs between them.
#[derive(Debug)]
pub struct Report<W> {
    out: W,
    counts: BTreeMap<Outcome, usize>,
}

impl<W: Write> Report<W> {
    /// Starts a report.
    pub const fn new(out: W) -> Self {
        Self { out, counts: BTreeMap::new() }
    }

    pub(crate) fn add(
        &mut self,
        outcome: Outcome,
        organization_id: OrganizationId,
        (kind, id): (&str, impl Display),
        reason: impl Display,
    ) -> io::Result<()> {
        self.line(outcome, &[kind, &id.to_string(), organization_id.as_str(), &reason.to_string()])
    }

    /// Adds an event that cannot be used.
    pub(crate) fn unusable_event(&mut self, event: &Unusable) -> io::Result<()> {
        self.line(Outcome::Unresolved, &[event.kind, &event.id, "", event.reason])
    }

    /// Writes a line. Whatever stands in an event makes no other line or member.
    fn line(&mut self, outcome: Outcome, members: &[&str]) -> io::Result<()> {
        *self.counts.entry(outcome).or_default() += 1;
        write!(self.out, "{outcome}")?;
        for member in members {
            write!(self.out, "\t{}", member.replace(char::is_control, " "))?;
        }
        writeln!(self.out)
    }

    /// Adds a session that ended.
    pub(crate) fn ended_session(&mut self, session: &SessionHash) -> io::Result<()> {
        let reason = "its person may have signed out since";
        self.line(Outcome::Deleted, &["session", session.as_str(), "", reason])
    }

    /// Returns the number of steps with an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.counts.get(&outcome).copied().unwrap_or_default()
    }

    /// Prints the summary, after a failure too.
    pub fn summarize(&mut self, organizations: usize, events: usize, dry_run: bool) -> io::Result<()> {
        let counts = Outcome::ALL.map(|outcome| format!("{} {outcome}", self.count(outcome)));
        let written = if dry_run { "; dry run: nothing was written" } else { "" };
        let read = format!("read {events} events of {organizations} organizations");
        writeln!(self.out, "{read}: {}{written}", counts.join(", "))?;
        self.out.flush()
    }

    /// Adds the events that cannot be sent, and prints the summary of those that were, after a failure too.
    pub fn sent(&mut self, outgoing: &Outgoing, sent: usize, dry_run: bool) -> io::Result<()> {
        for event in &outgoing.unusable {
            self.unusable_event(event)?;
        }
        let (events, unresolved) = (outgoing.len(), self.count(Outcome::Unresolved));
        let written = if dry_run { "; dry run: nothing was sent" } else { "" };
        writeln!(self.out, "read {events} events: {sent} sent, {unresolved} unresolved{written}")?;
        self.out.flush()
    }
}

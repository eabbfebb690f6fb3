//! The report of a replay: a line for each step, and a summary.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    io::{self, Write},
};

use domain::{id::OrganizationId, session::SessionHash, text::is_visible};

use crate::{publish::Outgoing, selection::Organizations, source::Unusable};

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

    /// Writes a line. Whatever stands in an event makes no other line or member, and turns or hides no character of one.
    fn line(&mut self, outcome: Outcome, members: &[&str]) -> io::Result<()> {
        *self.counts.entry(outcome).or_default() += 1;
        write!(self.out, "{outcome}")?;
        for member in members {
            write!(self.out, "\t{}", member.replace(|c| !is_visible(c), " "))?;
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
    pub fn summarize(
        &mut self,
        organizations: usize,
        events: usize,
        taken: &Organizations,
        dry_run: bool,
    ) -> io::Result<()> {
        let counts = Outcome::ALL.map(|outcome| format!("{} {outcome}", self.count(outcome)));
        let written = if dry_run { "; dry run: nothing was written" } else { "" };
        let read = format!("read {events} events of {organizations} organizations");
        writeln!(self.out, "{read}: {}{taken}{written}", counts.join(", "))?;
        self.out.flush()
    }

    /// Adds the events that cannot be sent, and prints the summary of those that were, after a failure too.
    pub fn sent(
        &mut self,
        outgoing: &Outgoing,
        sent: usize,
        taken: &Organizations,
        dry_run: bool,
    ) -> io::Result<()> {
        for event in &outgoing.unusable {
            self.unusable_event(event)?;
        }
        let (events, unresolved) = (outgoing.len(), self.count(Outcome::Unresolved));
        let written = if dry_run { "; dry run: nothing was sent" } else { "" };
        writeln!(self.out, "read {events} events: {sent} sent, {unresolved} unresolved{taken}{written}")?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_an_event_breaks_turns_or_hides_a_part_of_a_line() {
        let mut report = Report::new(Vec::new());
        let organization_id = OrganizationId::parse("0123456789abcdef").unwrap();
        let id = "a\tb\nc\u{202e}d\u{2066}e\u{200b}f\u{feff}g\u{ad}h\u{e0041}i\u{2028}j\u{85}k\u{fe0f}lé";
        report.add(Outcome::Left, organization_id, ("user", id), "r").unwrap();
        let expected = "left\tuser\ta b c d e f g h i j k lé\t0123456789abcdef\tr\n";
        assert_eq!(String::from_utf8(report.out).unwrap(), expected);
    }
}

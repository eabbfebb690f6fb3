//! The events of an archive of the bus as a source: a text with one event a line, as a rule's target got them.
//!
//! Anyone with `events:PutEvents` can add events, and the text may be damaged. A line that is not an event of the stack is
//! listed with its number and changes nothing. A text with more than 100 such lines is refused before anything is written.

use std::{
    collections::HashMap,
    io::{self, BufRead, Read as _},
};

use domain::{Time, audit};
use ulid::Ulid;

use crate::{
    lifecycle_event::LifecycleEvent,
    selection::{Capacity, Organizations, TooMany},
    source::{OVERLAP, Source, Unusable},
};

/// The limits of an archive.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The most bytes of a line. An event of the stack has under 2 KB.
    line: usize,
    /// The room in memory for the events since the restored instant.
    capacity: Capacity,
    /// The most lines that are no events of the stack.
    unusable: usize,
}

const LIMITS: Limits = Limits { line: 64 * 1024, capacity: Capacity::new(), unusable: 100 };

/// The reason of a line that says something else than an earlier one of its id.
const CONFLICT: &str = "an earlier line has its id and says something else: both count";

/// Why an archive is refused. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The text cannot be read.
    #[error("the archive cannot be read")]
    Read(#[from] io::Error),
    /// A line is longer than an event.
    #[error("line {0} of the archive is longer than {max} bytes: write one event a line", max = LIMITS.line)]
    LongLine(usize),
    /// More lines than the limit are no events of the stack.
    #[error("line {0} of the archive is one of more than {max} that are no events of the stack", max = LIMITS.unusable)]
    NotAnArchive(usize),
    /// More events than memory holds.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// No line is an event of the stack.
    #[error("the archive holds no event of the stack")]
    Empty,
}

/// The archive of a stack.
#[derive(Debug, Clone)]
pub struct Archive<'a> {
    /// The stack's name, which is the `source` of its events.
    pub stack: &'a str,
    /// The restored instant.
    pub since: Time,
    /// The present. No event is later, but for the difference between two clocks.
    pub now: Time,
    /// The organizations whose events are read.
    pub organizations: &'a Organizations,
}

impl Archive<'_> {
    /// Reads the text of an archive to its end.
    ///
    /// An event that comes twice counts once, and events before the restored instant do not count. If lines with one id say
    /// different things, each counts, so that nothing which one of them ended stays open; the later ones are listed.
    ///
    /// # Errors
    /// When the text is not an archive of this stack.
    pub fn read(self, text: impl BufRead) -> Result<Source, ArchiveError> {
        self.read_within(text, LIMITS)
    }

    fn read_within(self, mut text: impl BufRead, mut limits: Limits) -> Result<Source, ArchiveError> {
        let (mut source, mut number, mut any) = (Source::default(), 0, false);
        let mut events: HashMap<Ulid, Vec<audit::Event>> = HashMap::new();
        source.may_lack_events = true;
        let mut line = Vec::new();
        while read_line(&mut text, &mut line, limits.line)? {
            number += 1;
            if line.len() > limits.line {
                return Err(ArchiveError::LongLine(number));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match self.event(&line) {
                Ok(event) => {
                    any = true;
                    if self.takes(&event) {
                        let copies = events.entry(event.audit_id).or_insert_with(|| Vec::with_capacity(1));
                        if copies.iter().any(|one| is_same(one, &event)) {
                            continue;
                        }
                        if !copies.is_empty() {
                            source.unusable.push(Unusable::line(number, CONFLICT));
                        }
                        limits.capacity.take(&event)?;
                        copies.push(Source::slim(event));
                    }
                }
                Err(reason) => source.unusable.push(Unusable::line(number, reason)),
            }
            if source.unusable.len() > limits.unusable {
                return Err(ArchiveError::NotAnArchive(number));
            }
        }
        if !any {
            return Err(ArchiveError::Empty);
        }
        for event in events.into_values().flatten() {
            source.add(event);
        }
        source.sort();
        Ok(source)
    }

    fn takes(&self, event: &audit::Event) -> bool {
        event.at >= self.since.plus(-OVERLAP) && self.organizations.include(event.organization_id)
    }

    fn event(&self, line: &[u8]) -> Result<audit::Event, &'static str> {
        let event: LifecycleEvent = serde_json::from_slice(line).map_err(|_| "it cannot be decoded")?;
        if event.source != self.stack {
            return Err("it comes from another source");
        }
        let event = event.into_audit_event()?;
        if event.at > self.now.plus(OVERLAP) { Err("it lies in the future") } else { Ok(event) }
    }
}

/// Reads a line with its end, but no more than a byte over the limit. Returns whether there was one.
fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    line.clear();
    let limit = u64::try_from(limit).expect("a length has 64 bits") + 1;
    text.by_ref().take(limit).read_until(b'\n', line).map(|read| read > 0)
}

fn is_same(one: &audit::Event, other: &audit::Event) -> bool {
    let parts = |event: &audit::Event| (event.organization_id, event.action.clone(), event.effect.clone());
    one.target == other.target && parts(one) == parts(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lifecycle_event::sample;

    const SINCE: Time = Time::from_seconds(1_793_700_000);

    fn read_within(text: &[u8], limits: Limits) -> Result<Source, ArchiveError> {
        let (stack, now) = ("access-keys", SINCE.plus(3_600));
        let organizations = &Organizations::default();
        Archive { stack, since: SINCE, now, organizations }.read_within(text, limits)
    }

    fn read(text: &str) -> Result<Source, ArchiveError> {
        read_within(text.as_bytes(), LIMITS)
    }

    fn ids(source: &Source) -> Vec<u128> {
        source.events.values().flatten().map(|event| event.audit_id.random()).collect()
    }

    #[test]
    fn events_are_sorted_and_each_counts_once_and_those_before_the_instant_do_not() {
        let early = sample(SINCE.plus(-OVERLAP - 1), 5);
        let (first, second) = (sample(SINCE.plus(-OVERLAP), 1), sample(SINCE, 2));
        let source = read(&format!("{second}\n{first}\r\n\n{early}\n{second}\n{first}")).unwrap();
        assert_eq!((ids(&source), source.unusable.len()), (vec![1, 2], 0));
    }

    #[test]
    fn a_line_that_is_no_event_of_the_stack_is_listed_with_its_number() {
        let event = sample(SINCE, 1);
        let mut another_source = event.clone();
        another_source["source"] = json!("another");
        let mut another_event = event.clone();
        another_event["detail"]["target"]["id"] = json!("00000000000c");
        let future = sample(SINCE.plus(3_600 + OVERLAP + 1), 3);
        let cut_off = &event.to_string()[..200];
        let twice = event.to_string().replacen("\"source\"", "\"source\":\"x\",\"source\"", 1);
        let deep = "[".repeat(60_000);
        let text = format!(
            "{event}\n{another_source}\n{another_event}\n{future}\n{cut_off}\nnull\n{twice}\n{deep}\n{event}{event}\n"
        );
        let source = read_within(&[text.as_bytes(), &[0xff, 0xfe, b'\n']].concat(), LIMITS).unwrap();
        let listed: Vec<_> = source.unusable.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((ids(&source), listed), (vec![1, 1], vec!["2", "3", "4", "5", "6", "7", "8", "9", "10"]));
        let reasons = ["another source", "says something else", "in the future", "decoded"];
        for (unusable, reason) in source.unusable.iter().zip(reasons) {
            assert!(unusable.kind == "archive_line" && unusable.reason.contains(reason), "{unusable:?}");
        }
    }

    #[test]
    fn of_lines_with_one_id_each_counts_and_what_ends_most_comes_last() {
        let deleted = sample(SINCE, 1);
        let mut renamed = deleted.clone();
        (renamed["detail-type"], renamed["detail"]["action"]) =
            (json!("user.updated"), json!("user.updated"));
        renamed["detail"]["effect"] = json!("other");
        for (first, second) in [(&deleted, &renamed), (&renamed, &deleted)] {
            let source = read(&format!("{first}\n{second}\n{first}\n{second}\n")).unwrap();
            let effects: Vec<_> =
                source.events.values().flatten().map(|event| event.effect.as_str()).collect();
            assert_eq!(effects, ["other", "deleted"]);
            let listed: Vec<_> = source.unusable.iter().map(|one| (one.id.as_str(), one.reason)).collect();
            assert_eq!(listed, [("2", CONFLICT)]);
        }
    }

    #[test]
    fn events_of_other_organizations_take_no_room() {
        let (event, mut other) = (sample(SINCE, 1), sample(SINCE, 2));
        other["detail"]["organization_id"] = json!("1123456789abcdef");
        let archive =
            Archive { stack: "access-keys", since: SINCE, now: SINCE, organizations: &"0".parse().unwrap() };
        let limits = Limits { line: 2_000, capacity: Capacity::of(1_500), unusable: 0 };
        let source = archive.read_within(format!("{other}\n{event}\n").as_bytes(), limits).unwrap();
        assert_eq!(ids(&source), [1]);
    }

    #[test]
    fn a_text_that_is_no_archive_is_refused() {
        let limits = Limits { line: 2_000, capacity: Capacity::of(1_500), unusable: 2 };
        let event = sample(SINCE, 1);
        let refused = |text: &str| read_within(text.as_bytes(), limits).unwrap_err();
        assert!(matches!(refused(&format!("{event}\n{}", "x".repeat(2_001))), ArchiveError::LongLine(2)));
        assert!(matches!(refused(&format!("{event}\na\nb\nc\n")), ArchiveError::NotAnArchive(4)));
        assert!(read_within(format!("{event}\na\nb\n").as_bytes(), limits).is_ok());
        let many = refused(&format!("{event}\n{}\n", sample(SINCE, 2)));
        assert!(matches!(many, ArchiveError::TooMany(_)) && many.to_string().contains("--organizations"));
        assert!(read_within(format!("{event}\n{event}\n").as_bytes(), limits).is_ok());
        for empty in ["", "\n\n", "x"] {
            assert!(matches!(refused(empty), ArchiveError::Empty), "{empty}");
        }
    }
}

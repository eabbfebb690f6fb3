//! The events of an archive of the bus as a source: a text with one event a line, as a rule's target got them.
//!
//! Anyone with `events:PutEvents` can add events, and the text may be damaged. A line that is not an event of the stack is
//! listed with its number and changes nothing. A text with more than 100 such lines is refused before anything is written.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, BufRead, Read as _},
};

use domain::{Time, audit};
use ulid::Ulid;

use crate::{
    lifecycle_event::LifecycleEvent,
    source::{OVERLAP, Source, Unusable},
};

/// The limits of an archive.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The most bytes of a line. An event of the stack has under 2 KB.
    line: usize,
    /// The most events since the restored instant. All are held in memory.
    events: usize,
    /// The most lines that are no events of the stack.
    unusable: usize,
}

const LIMITS: Limits = Limits { line: 64 * 1024, events: 5_000_000, unusable: 100 };

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
    /// More events than the limit.
    #[error("the archive holds more than {max} events since the restored instant", max = LIMITS.events)]
    TooMany,
    /// No line is an event of the stack.
    #[error("the archive holds no event of the stack")]
    Empty,
}

/// The archive of a stack.
#[derive(Debug, Clone, Copy)]
pub struct Archive<'a> {
    /// The stack's name, which is the `source` of its events.
    pub stack: &'a str,
    /// The restored instant.
    pub since: Time,
    /// The present. No event is later, but for the difference between two clocks.
    pub now: Time,
}

impl Archive<'_> {
    /// Reads the text of an archive to its end.
    ///
    /// An event that comes twice counts once, and events before the restored instant do not count.
    ///
    /// # Errors
    /// When the text is not an archive of this stack.
    pub fn read(self, text: impl BufRead) -> Result<Source, ArchiveError> {
        self.read_within(text, LIMITS)
    }

    fn read_within(self, mut text: impl BufRead, limits: Limits) -> Result<Source, ArchiveError> {
        let (mut source, mut events, mut number, mut any) = (Source::default(), HashMap::new(), 0, false);
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
            match self.event(&line).and_then(|event| add(&mut events, event, self.since)) {
                Ok(()) => any = true,
                Err(reason) => source.unusable.push(Unusable::line(number, reason)),
            }
            if source.unusable.len() > limits.unusable {
                return Err(ArchiveError::NotAnArchive(number));
            }
            if events.len() > limits.events {
                return Err(ArchiveError::TooMany);
            }
        }
        if !any {
            return Err(ArchiveError::Empty);
        }
        for event in events.into_values() {
            source.add(event);
        }
        source.sort();
        Ok(source)
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

/// Adds an event, unless it was before the restored instant or came already.
fn add(
    events: &mut HashMap<Ulid, audit::Event>,
    event: audit::Event,
    since: Time,
) -> Result<(), &'static str> {
    if event.at < since.plus(-OVERLAP) {
        return Ok(());
    }
    match events.entry(event.audit_id) {
        Entry::Vacant(place) => drop(place.insert(event)),
        Entry::Occupied(place) if is_same(place.get(), &event) => {}
        Entry::Occupied(_) => return Err("an earlier line has its id and says something else"),
    }
    Ok(())
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
        Archive { stack, since: SINCE, now }.read_within(text, limits)
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
        another_event["detail"]["target"]["id"] = json!("c");
        let future = sample(SINCE.plus(3_600 + OVERLAP + 1), 3);
        let cut_off = &event.to_string()[..200];
        let twice = event.to_string().replacen("\"source\"", "\"source\":\"x\",\"source\"", 1);
        let deep = "[".repeat(60_000);
        let text = format!(
            "{event}\n{another_source}\n{another_event}\n{future}\n{cut_off}\nnull\n{twice}\n{deep}\n{event}{event}\n"
        );
        let source = read_within(&[text.as_bytes(), &[0xff, 0xfe, b'\n']].concat(), LIMITS).unwrap();
        let listed: Vec<_> = source.unusable.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((ids(&source), listed), (vec![1], vec!["2", "3", "4", "5", "6", "7", "8", "9", "10"]));
        let reasons = ["another source", "says something else", "in the future", "decoded"];
        for (unusable, reason) in source.unusable.iter().zip(reasons) {
            assert!(unusable.kind == "archive_line" && unusable.reason.contains(reason), "{unusable:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_archive_is_refused() {
        let limits = Limits { line: 2_000, events: 1, unusable: 2 };
        let event = sample(SINCE, 1);
        let refused = |text: &str| read_within(text.as_bytes(), limits).unwrap_err();
        assert!(matches!(refused(&format!("{event}\n{}", "x".repeat(2_001))), ArchiveError::LongLine(2)));
        assert!(matches!(refused(&format!("{event}\na\nb\nc\n")), ArchiveError::NotAnArchive(4)));
        assert!(read_within(format!("{event}\na\nb\n").as_bytes(), limits).is_ok());
        assert!(matches!(refused(&format!("{event}\n{}\n", sample(SINCE, 2))), ArchiveError::TooMany));
        for empty in ["", "\n\n", "x"] {
            assert!(matches!(refused(empty), ArchiveError::Empty), "{empty}");
        }
    }
}

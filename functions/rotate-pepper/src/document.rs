//! The pepper as Secrets Manager keeps it: `{"current": "1", "1": "…", "2": "…"}`.
//!
//! The next version needs no mark, so that functions of earlier deployments read the document too: it is the version with the
//! highest number, if that is higher than the number of the current one. New versions take the number after the highest.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use domain::{
    hex,
    secret::{BadPeppers, Peppers},
};

use crate::{failure::Failure, outcome::Outcome};

/// What a secret of Secrets Manager holds, in bytes.
const MAX_BYTES: usize = 65_536;

/// The highest number that the name of a version holds.
const MAX_NUMBER: u32 = 99_999_999;

/// The member that names the current version.
const CURRENT: &str = "current";

/// Why the pepper rotates.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rotation {
    /// It is time: the next version becomes the current one.
    Planned,
    /// Strangers know all values: a fresh version becomes the current one.
    Leaked {
        /// Whether this function wrote the document. Somebody who wrote it may have set `current` back to an earlier version:
        /// then stored verifiers may name the version with the highest number, and it stays.
        is_ours: bool,
    },
}

/// The stored document.
pub(crate) struct Document {
    current: String,
    values: BTreeMap<String, String>,
}

impl Document {
    /// Reads the document by the rules of all functions.
    pub(crate) fn parse(text: &str) -> Result<Self, BadPeppers> {
        Peppers::parse(text)?;
        let mut values: BTreeMap<String, String> =
            serde_json::from_str(text).map_err(|_| BadPeppers::NotAnObject)?;
        let current = values.remove(CURRENT).ok_or(BadPeppers::NoCurrent)?;
        Ok(Self { current, values })
    }

    /// Writes the document. Fails if a secret does not hold it.
    pub(crate) fn to_text(&self) -> Result<String, Failure> {
        let mut members: BTreeMap<&str, &str> =
            self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        members.insert(CURRENT, &self.current);
        let text = serde_json::to_string(&members).expect("texts are JSON");
        if text.len() > MAX_BYTES { Err(Failure::Full) } else { Ok(text) }
    }

    /// Returns the name of the version for new secrets.
    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    /// Returns the name of the version that was never current.
    pub(crate) fn next(&self) -> Option<&str> {
        let highest = self.values.keys().max_by_key(|name| (number(name), Reverse(name.len())))?;
        (number(highest) > number(&self.current)).then_some(highest)
    }

    /// Rotates the pepper.
    pub(crate) fn rotate(&mut self, rotation: Rotation) -> Result<Outcome, Failure> {
        let next = self.next().map(str::to_owned);
        let mut last = self.values.keys().filter_map(|name| number(name)).max().unwrap_or_default();
        let outcome = match (rotation, next) {
            (Rotation::Planned, None) => Outcome::NextAdded,
            (Rotation::Planned, Some(next)) => {
                self.current = next;
                Outcome::Rotated
            }
            (Rotation::Leaked { is_ours }, next) => {
                // Its name is used up: a warm instance may hold this value.
                if let Some(next) = next.filter(|_| is_ours) {
                    self.values.remove(&next);
                }
                self.current = self.add(&mut last)?;
                Outcome::Replaced
            }
        };
        self.add(&mut last)?;
        Ok(outcome)
    }

    /// Adds a version of 256 random bits after the last number, and returns its name.
    fn add(&mut self, last: &mut u32) -> Result<String, Failure> {
        if *last >= MAX_NUMBER {
            return Err(Failure::Full);
        }
        *last += 1;
        let mut value = [0; 32];
        getrandom::fill(&mut value).expect("the operating system provides random bytes");
        self.values.insert(last.to_string(), hex::encode(&value));
        Ok(last.to_string())
    }
}

/// Returns the number that a name is; `None`, which is below all numbers, for another name.
fn number(name: &str) -> Option<u32> {
    name.parse().ok()
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Document(current {}, [redacted])", self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAKED: Rotation = Rotation::Leaked { is_ours: true };

    fn document(current: &str, names: &[&str]) -> Document {
        let values = names.iter().map(|name| ((*name).to_owned(), format!("{name:0>40}"))).collect();
        Document { current: current.to_owned(), values }
    }

    fn rotated(mut document: Document, rotation: Rotation) -> (Outcome, Document) {
        let outcome = document.rotate(rotation).unwrap();
        (outcome, document)
    }

    fn names(document: &Document) -> (&str, Vec<&str>) {
        (document.current(), document.values.keys().map(String::as_str).collect())
    }

    #[test]
    fn a_document_without_a_next_version_gains_one_and_then_rotates() {
        let (outcome, first) = rotated(document("1", &["1"]), Rotation::Planned);
        assert_eq!((outcome, names(&first)), (Outcome::NextAdded, ("1", vec!["1", "2"])));
        let known = first.values.clone();
        let (outcome, second) = rotated(first, Rotation::Planned);
        assert_eq!((outcome, names(&second)), (Outcome::Rotated, ("2", vec!["1", "2", "3"])));
        assert!(known.iter().all(|(name, value)| second.values[name] == *value));
        assert_eq!(second.next(), Some("3"));
    }

    #[test]
    fn a_leak_discards_the_next_version_and_never_uses_its_name_again() {
        let (outcome, after) = rotated(document("2", &["1", "2", "3"]), LEAKED);
        assert_eq!((outcome, names(&after)), (Outcome::Replaced, ("4", vec!["1", "2", "4", "5"])));
        let (_, after) = rotated(document("2", &["1", "2"]), LEAKED);
        assert_eq!(names(&after), ("3", vec!["1", "2", "3", "4"]));
    }

    #[test]
    fn a_leak_keeps_every_version_of_a_document_that_a_person_wrote() {
        let (_, after) = rotated(document("2", &["1", "2", "3"]), Rotation::Leaked { is_ours: false });
        assert_eq!(names(&after), ("4", vec!["1", "2", "3", "4", "5"]));
    }

    #[test]
    fn versions_that_people_named_are_kept() {
        let (outcome, after) = rotated(document("a", &["a", "b"]), Rotation::Planned);
        assert_eq!((outcome, names(&after)), (Outcome::NextAdded, ("a", vec!["1", "a", "b"])));
        let (outcome, after) = rotated(after, Rotation::Planned);
        assert_eq!((outcome, names(&after)), (Outcome::Rotated, ("1", vec!["1", "2", "a", "b"])));
        let (_, after) = rotated(document("9", &["9", "10"]), Rotation::Planned);
        assert_eq!(names(&after), ("10", vec!["10", "11", "9"]));
    }

    #[test]
    fn each_new_value_is_another_one_that_all_functions_take() {
        let (_, first) = rotated(document("1", &["1"]), LEAKED);
        let (_, second) = rotated(document("1", &["1"]), LEAKED);
        let values: Vec<_> =
            [&first, &second].iter().flat_map(|each| [&each.values["2"], &each.values["3"]]).collect();
        assert!(
            values.iter().enumerate().all(|(at, value)| !values[..at].contains(value) && value.len() == 64)
        );
        let read = Document::parse(&first.to_text().unwrap()).unwrap();
        assert_eq!((names(&read), &read.values), (names(&first), &first.values));
    }

    #[test]
    fn a_document_that_a_secret_does_not_hold_is_a_failure() {
        let many: Vec<_> = (1..1_000).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let mut full = document("1", &many);
        full.values.values_mut().for_each(|value| *value = "0".repeat(64));
        assert!(matches!(full.to_text(), Err(Failure::Full)));
        let mut last = document("1", &["1", "99999999"]);
        assert!(matches!(last.rotate(Rotation::Planned), Err(Failure::Full)));
    }

    #[test]
    fn nothing_secret_is_written_by_debug() {
        assert_eq!(format!("{:?}", document("1", &["1"])), "Document(current 1, [redacted])");
    }
}

//! A rotation of a document: which version becomes the current one, and which one is next.
//!
//! The next version needs no mark, so that functions of earlier deployments read the document too: it is the version with the
//! highest number, if that is higher than the number of the current one, if it was neither current nor passed over, and if no kept
//! document has another value of it. New versions take the number after the highest that any kept document has.

use crate::{
    document::{Document, number},
    failure::Failure,
    outcome::Outcome,
    past::Past,
};

/// What decides on the versions of a document.
#[derive(Debug)]
pub(crate) struct Rotation<'p> {
    /// The other documents that Secrets Manager keeps.
    pub(crate) past: &'p Past,
    /// Whether this function wrote the document. Each of its writes adds a next version.
    pub(crate) is_ours: bool,
}

impl Rotation<'_> {
    /// Returns the name of the version that the next rotation makes the current one.
    ///
    /// A later number in another document means that this one was passed over, perhaps because of a leak, or rotated.
    ///
    /// If the current version has no number, somebody named it, and the numbers may be those of used versions. Then a number is
    /// next only in a document that this function wrote.
    pub(crate) fn next<'d>(&self, document: &'d Document) -> Option<&'d str> {
        let highest = document.highest()?;
        let is_above = match number(document.current()) {
            Some(current) => number(highest) > Some(current),
            None => self.is_ours,
        };
        let is_latest = number(highest) >= self.past.highest_number();
        let is_used = self.past.was_current(highest) || self.past.has_other_value(document, highest);
        (is_above && is_latest && !is_used).then_some(highest)
    }

    /// Rotates a document: to its next version, or after a leak past it to a fresh one. Returns the name of the new next
    /// version too.
    pub(crate) fn rotate(&self, document: &mut Document, leaked: bool) -> Result<(Outcome, String), Failure> {
        let next = self.next(document).map(str::to_owned);
        let mut last = document.highest_number().max(self.past.highest_number()).unwrap_or_default();
        let outcome = match next {
            _ if leaked => {
                // Strangers know it. Where somebody else wrote, or a value is lost, a stored verifier may name it all the same.
                if let Some(next) = next.filter(|_| self.is_ours && self.past.is_whole()) {
                    document.remove(&next);
                }
                let fresh = document.add(&mut last)?;
                document.set_current(fresh);
                Outcome::Replaced
            }
            None => Outcome::NextAdded,
            Some(next) => {
                document.set_current(next);
                Outcome::Rotated
            }
        };
        Ok((outcome, document.add(&mut last)?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(current: &str, names: &[&str]) -> Document {
        let mut document = json!({ "current": current });
        for name in names {
            document[name] = json!(format!("{name:0>40}"));
        }
        Document::parse(&document.to_string()).unwrap()
    }

    fn rotated_after(past: Vec<Document>, mut document: Document, leaked: bool) -> (Outcome, Document) {
        let rotation = Rotation { past: &Past::new(past, 0), is_ours: true };
        let (outcome, next) = rotation.rotate(&mut document, leaked).unwrap();
        assert_eq!(rotation.next(&document), Some(&*next));
        (outcome, document)
    }

    fn rotated(document: Document, leaked: bool) -> (Outcome, Document) {
        rotated_after(Vec::new(), document, leaked)
    }

    fn names(document: &Document) -> (&str, Vec<&str>) {
        (document.current(), document.names())
    }

    #[test]
    fn a_document_without_a_next_version_gains_one_and_then_rotates() {
        let (outcome, first) = rotated(document("1", &["1"]), false);
        assert_eq!((outcome, names(&first)), (Outcome::NextAdded, ("1", vec!["1", "2"])));
        let known = ["1", "2"].map(|name| first.value(name).unwrap().to_owned());
        let (outcome, second) = rotated(first, false);
        assert_eq!((outcome, names(&second)), (Outcome::Rotated, ("2", vec!["1", "2", "3"])));
        assert_eq!(["1", "2"].map(|name| second.value(name).unwrap().to_owned()), known);
    }

    #[test]
    fn a_leak_discards_the_next_version_and_never_uses_its_name_again() {
        let (outcome, after) = rotated(document("2", &["1", "2", "3"]), true);
        assert_eq!((outcome, names(&after)), (Outcome::Replaced, ("4", vec!["1", "2", "4", "5"])));
        assert_eq!(names(&rotated(after, false).1).0, "5");
        let (_, after) = rotated(document("2", &["1", "2"]), true);
        assert_eq!(names(&after), ("3", vec!["1", "2", "3", "4"]));
    }

    #[test]
    fn a_leak_keeps_the_next_version_where_somebody_else_wrote_or_a_value_cannot_be_read() {
        for (is_ours, unreadable) in [(false, 0), (true, 1)] {
            let mut document = document("2", &["1", "2", "3"]);
            let rotation = Rotation { past: &Past::new(Vec::new(), unreadable), is_ours };
            assert_eq!(rotation.rotate(&mut document, true).unwrap(), (Outcome::Replaced, "5".to_owned()));
            assert_eq!(names(&document), ("4", vec!["1", "2", "3", "4", "5"]));
        }
    }

    #[test]
    fn versions_that_people_named_are_kept() {
        let (outcome, after) = rotated(document("a", &["a", "b"]), false);
        assert_eq!((outcome, names(&after)), (Outcome::NextAdded, ("a", vec!["1", "a", "b"])));
        let (outcome, after) = rotated(after, false);
        assert_eq!((outcome, names(&after)), (Outcome::Rotated, ("1", vec!["1", "2", "a", "b"])));
        let (_, after) = rotated(document("9", &["9", "10"]), false);
        assert_eq!(names(&after), ("10", vec!["10", "11", "9"]));
    }

    #[test]
    fn beside_a_current_version_that_a_person_named_no_number_is_unused_but_one_that_a_run_added() {
        let named = document("a", &["1", "2", "a"]);
        for (is_ours, next) in [(false, None), (true, Some("2"))] {
            assert_eq!(Rotation { past: &Past::default(), is_ours }.next(&named), next);
        }
    }

    #[test]
    fn a_name_that_a_kept_document_has_is_never_used_again() {
        let past = || vec![document("3", &["1", "2", "3", "4"])];
        let (outcome, after) = rotated_after(past(), document("1", &["1", "2"]), false);
        assert_eq!((outcome, names(&after)), (Outcome::NextAdded, ("1", vec!["1", "2", "5"])));
        let (_, after) = rotated_after(past(), document("a", &["a"]), false);
        assert_eq!(names(&after), ("a", vec!["5", "a"]));
        let (_, after) = rotated_after(past(), document("1", &["1", "2"]), true);
        assert_eq!(names(&after), ("5", vec!["1", "2", "5", "6"]));
    }

    #[test]
    fn a_version_that_was_current_in_a_kept_document_is_no_next_one() {
        let past = vec![document("2", &["1", "2"])];
        let (outcome, after) = rotated_after(past, document("1", &["1", "2"]), false);
        assert_eq!((outcome, names(&after)), (Outcome::NextAdded, ("1", vec!["1", "2", "3"])));
    }

    #[test]
    fn a_version_that_a_kept_document_has_with_another_value_is_no_next_one() {
        let mut other = json!({"current": "1", "1": format!("{:0>40}", 1), "2": format!("{:0>40}", "other")});
        let past = Document::parse(&other.to_string()).unwrap();
        let (outcome, after) = rotated_after(vec![past], document("1", &["1", "2"]), false);
        assert_eq!((outcome, names(&after)), (Outcome::NextAdded, ("1", vec!["1", "2", "3"])));
        other["2"] = json!(format!("{:0>40}", 2));
        let past = Document::parse(&other.to_string()).unwrap();
        assert_eq!(rotated_after(vec![past], document("1", &["1", "2"]), false).0, Outcome::Rotated);
    }

    #[test]
    fn a_version_that_a_leak_passed_over_is_no_next_one_though_somebody_removed_the_fresh_ones() {
        let (_, fresh) = rotated(document("2", &["1", "2", "3"]), true);
        let (outcome, after) = rotated_after(vec![fresh], document("2", &["1", "2", "3"]), false);
        assert_eq!((outcome, names(&after)), (Outcome::NextAdded, ("2", vec!["1", "2", "3", "6"])));
    }
}

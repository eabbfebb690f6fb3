//! The other versions of the secret that Secrets Manager keeps: what the pepper was before.
//!
//! Whoever sets the pepper back, or writes it by hand, may bring a document that lacks versions. Their names are in use all the
//! same: stored verifiers name them, and warm instances hold their values. So no new version takes such a name, and a version
//! that was current once is not an unused one.

use api::app::Secret;

use crate::{document::Document, failure::Failure};

/// The most versions of a secret that are read. Secrets Manager keeps the last 100, and those of the last day.
const MAX_VERSIONS: usize = 300;

/// The documents of the other versions.
#[derive(Debug, Default)]
pub(crate) struct Past {
    documents: Vec<Document>,
    /// How many versions could not be read.
    unreadable: usize,
}

impl Past {
    /// Reads the documents of all kept versions but one. Functions take no malformed document, so none names a version.
    pub(crate) async fn read(pepper: &Secret, current_id: &str) -> Result<Self, Failure> {
        let Some(ids) = pepper.other_versions(current_id, MAX_VERSIONS).await? else {
            return Err(Failure::TooManyVersions);
        };
        let (mut documents, mut unreadable) = (Vec::new(), 0);
        for id in ids {
            match pepper.read_at(&id).await? {
                Some(text) => documents.extend(Document::parse(&text).ok()),
                None => unreadable += 1,
            }
        }
        if unreadable > 0 {
            tracing::warn!(count = unreadable, "the pepper has earlier values that cannot be read");
        }
        Ok(Self { documents, unreadable })
    }

    #[cfg(test)]
    pub(crate) const fn new(documents: Vec<Document>, unreadable: usize) -> Self {
        Self { documents, unreadable }
    }

    /// Tells whether each version could be read.
    pub(crate) const fn is_whole(&self) -> bool {
        self.unreadable == 0
    }

    /// Returns the highest number that is the name of a version in any document.
    pub(crate) fn highest_number(&self) -> Option<u32> {
        self.documents.iter().filter_map(Document::highest_number).max()
    }

    /// Tells whether a version was current in any document.
    pub(crate) fn was_current(&self, name: &str) -> bool {
        self.documents.iter().any(|document| document.current() == name)
    }

    /// Tells whether any document has a version with another value than this one: warm instances may hold that value.
    pub(crate) fn has_other_value(&self, document: &Document, name: &str) -> bool {
        let mut values = self.documents.iter().filter_map(|past| past.value(name));
        values.any(|value| document.value(name) != Some(value))
    }

    /// Returns the names of the versions that were current once, and that a document lacks or has with another value: keys that
    /// name them fail.
    pub(crate) fn lost(&self, document: &Document) -> Vec<&str> {
        let is_lost = |past: &&Document| document.value(past.current()) != past.value(past.current());
        let mut lost: Vec<_> = self.documents.iter().filter(is_lost).map(Document::current).collect();
        lost.sort_unstable();
        lost.dedup();
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(&text.replace('@', "0123456789abcdef0123456789abcdef")).unwrap()
    }

    #[test]
    fn a_version_that_was_current_and_is_missing_or_has_another_value_is_lost() {
        let past = Past::new(
            vec![
                document(r#"{"current": "1", "1": "@", "2": "@"}"#),
                document(r#"{"current": "2", "1": "@", "2": "@", "3": "@"}"#),
                document(r#"{"current": "2", "1": "@", "2": "@", "3": "@"}"#),
            ],
            0,
        );
        for (now, lost) in [
            (r#"{"current": "1", "1": "@", "2": "@"}"#, vec![]),
            (r#"{"current": "1", "1": "@", "2": "other@"}"#, vec!["2"]),
            (r#"{"current": "a", "a": "@"}"#, vec!["1", "2"]),
        ] {
            assert_eq!(past.lost(&document(now)), lost, "{now}");
        }
    }
}

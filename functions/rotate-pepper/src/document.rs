//! The pepper as Secrets Manager keeps it: `{"current": "1", "1": "…", "2": "…"}`.
//!
//! It decides nothing: `rotation` says which version is current, next or removed.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use domain::{
    hex,
    secret::{BadPeppers, Peppers},
};

use crate::failure::Failure;

/// What a secret of Secrets Manager holds, in bytes.
const MAX_BYTES: usize = 65_536;

/// The highest number that the name of a version holds.
const MAX_NUMBER: u32 = 99_999_999;

/// The member that names the current version.
const CURRENT: &str = "current";

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

    /// Returns the value of a version.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Returns the highest number that is the name of a version.
    pub(crate) fn highest_number(&self) -> Option<u32> {
        self.highest().and_then(number)
    }

    /// Returns the name of the version with the highest number, if one has a number.
    pub(crate) fn highest(&self) -> Option<&str> {
        let highest = self.values.keys().max_by_key(|name| (number(name), Reverse(name.len())))?;
        number(highest).map(|_| highest.as_str())
    }

    /// Removes a version.
    pub(crate) fn remove(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Makes a version the one for new secrets.
    pub(crate) fn set_current(&mut self, name: String) {
        self.current = name;
    }

    /// Returns the names of the versions.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<&str> {
        self.values.keys().map(String::as_str).collect()
    }

    /// Adds a version of 256 random bits after the last number, and returns its name.
    pub(crate) fn add(&mut self, last: &mut u32) -> Result<String, Failure> {
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
pub(crate) fn number(name: &str) -> Option<u32> {
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

    fn document(names: &[&str]) -> Document {
        let values = names.iter().map(|name| ((*name).to_owned(), "0".repeat(64))).collect();
        Document { current: names[0].to_owned(), values }
    }

    #[test]
    fn each_new_value_is_another_one_that_all_functions_take() {
        let mut written = document(&["1"]);
        let mut last = 1;
        assert_eq!([(); 2].map(|()| written.add(&mut last).unwrap()), ["2", "3"]);
        assert!(written.values["2"] != written.values["3"] && written.values["2"].len() == 64);
        let read = Document::parse(&written.to_text().unwrap()).unwrap();
        assert_eq!((read.current(), &read.values), ("1", &written.values));
    }

    #[test]
    fn a_document_that_a_secret_does_not_hold_is_a_failure() {
        let many: Vec<_> = (1..1_000).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(matches!(document(&many).to_text(), Err(Failure::Full)));
        assert!(matches!(document(&["1"]).add(&mut 99_999_999), Err(Failure::Full)));
        let sized = |bytes: usize| {
            let others = document(&["1", "x"]).to_text().unwrap().len() - 64;
            let mut document = document(&["1", "x"]);
            document.values.insert("x".to_owned(), "0".repeat(bytes - others));
            document.to_text()
        };
        assert_eq!(sized(65_536).unwrap().len(), 65_536);
        assert!(matches!(sized(65_537), Err(Failure::Full)));
    }

    #[test]
    fn nothing_secret_is_written_by_debug() {
        assert_eq!(format!("{:?}", document(&["1"])), "Document(current 1, [redacted])");
    }
}

//! Mutants that no test can notice, each with the reason: `tests/mutants/argued.tsv`.

use std::{collections::BTreeMap, path::Path};

use crate::{choice::Kind, failure::Failure, folders};

/// Reasons by the name of the mutant.
#[derive(Debug)]
pub(crate) struct Argued(BTreeMap<String, String>);

impl Argued {
    /// Reads the table: a name and a reason in each line, with a tab between them.
    pub(crate) fn read() -> Result<Self, Failure> {
        let text = folders::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("argued.tsv"))?;
        let row = |line: &str| {
            let (name, reason) = line.split_once('\t').filter(|(_, reason)| !reason.trim().is_empty())?;
            Some((name.to_owned(), reason.to_owned()))
        };
        let rows =
            text.lines().map(|line| row(line).ok_or_else(|| Failure::Argued(format!("no reason: {line}"))));
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// Refuses reasons for mutants of a kind that do not exist.
    pub(crate) fn check<'m>(&self, kind: Kind, names: impl Iterator<Item = &'m str>) -> Result<(), Failure> {
        let names: Vec<_> = names.collect();
        let mut argued = self.0.keys().filter(|argued| kind_of(argued) == kind);
        let gone = argued.find(|argued| !names.iter().any(|name| is_named(name, argued)));
        gone.map_or(Ok(()), |name| Err(Failure::Argued(format!("no such mutant: {name}"))))
    }

    /// Returns why a mutant cannot be noticed.
    pub(crate) fn reason(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(argued, _)| is_named(name, argued)).map(|(_, reason)| reason.as_str())
    }
}

/// Returns the kind of a mutant: comparisons are named after their files.
fn kind_of(argued: &str) -> Kind {
    let first = argued.split(' ').next().unwrap_or_default();
    if first.contains('/') { Kind::Comparisons } else { Kind::Writes }
}

/// Tells whether a name in the table is that of a mutant. In the name of a write, `*` stands for any text.
fn is_named(mutant: &str, argued: &str) -> bool {
    let Some((first, parts)) = argued.split_once('*').filter(|_| kind_of(argued) == Kind::Writes) else {
        return mutant == argued;
    };
    let mut left = mutant.strip_prefix(first);
    for part in parts.split('*') {
        left = left.and_then(|left| left.split_once(part)).map(|(_, after)| after);
    }
    left.is_some_and(|left| left.is_empty() || argued.ends_with('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_for_a_mutant_that_exists() {
        let argued = |name: &str| Argued([(name.to_owned(), "why".to_owned())].into());
        let (write, comparison) = ("f Put ORG/id", "shared/domain/src/a.rs f: < for <=");
        let has = |name: &str, kind| argued(name).check(kind, [write, comparison].into_iter()).is_ok();
        assert!(has(write, Kind::Writes) && has(comparison, Kind::Comparisons));
        assert!(
            !has("g Put ORG/id", Kind::Writes)
                && !has("shared/domain/src/a.rs g: < for <=", Kind::Comparisons)
        );
        // A run of one kind does not know the mutants of the other.
        assert!(has("g Put ORG/id", Kind::Comparisons));
    }

    #[test]
    fn an_asterisk_stands_for_any_text() {
        let name = "f Put ORG/id of user.created: attribute_not_exists(PK)";
        for (argued, expected) in [
            ("* Put ORG/id of user.created: attribute_not_exists(PK)", true),
            ("* Put ORG/id*: attribute_not_exists(PK)", true),
            ("f Put ORG/id of user.created*", true),
            ("* Put ORG/id*: attribute_not_exists", false),
            ("* Put ORG/id", false),
            ("g Put *", false),
        ] {
            assert_eq!(is_named(name, argued), expected, "{argued}");
        }
        assert!(is_named("a/b.rs f: * for /", "a/b.rs f: * for /"));
        assert!(!is_named("a/b.rs f: + for /", "a/b.rs f: * for /"));
    }
}

//! Which integration tests reach a mutant of a comparison: only those are run under it.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use crate::{
    active::Active,
    failure::Failure,
    folders::{self, read},
    integration_tests::{IntegrationTests, OF_SOURCES},
    switch,
    table::Verdict,
    tree::{self, Comparison},
};

/// The integration tests of the rewritten sources.
#[derive(Debug)]
pub(crate) struct Reaching {
    tests: IntegrationTests,
    /// The tests that reach a mutant, by its number, the fastest first.
    by_mutant: HashMap<u64, Vec<String>>,
}

impl Reaching {
    /// Builds the tests and, unless the last run has done so, runs all to see what they reach.
    pub(crate) fn build(target: &Path, active: &Active, collected: bool) -> Result<Self, Failure> {
        let mut tests = IntegrationTests::build(&tree::root(), target)?;
        if !collected {
            active.note(&folders::of_notes())?;
            tests.collect(|run| run.args(["--skip", OF_SOURCES]))?;
            active.clear()?;
        }
        tests.read_times()?;
        let mut notes = Notes::of_threads()?;
        for (test, endpoint) in tests.met("test-stacks.tsv")? {
            notes.add_stack(test, &endpoint)?;
        }
        let mut by_mutant = notes.by_mutant();
        for reaching in by_mutant.values_mut() {
            tests.sort(reaching);
        }
        Ok(Self { tests, by_mutant })
    }

    /// Runs the tests that reach a mutant, which is active, or so many of them.
    pub(crate) fn outcome(&mut self, mutant: &Comparison, most: Option<usize>) -> Result<Verdict, Failure> {
        let reaching = self.by_mutant.get(&switch::number(&mutant.name)).map_or(&[][..], Vec::as_slice);
        self.tests.judge(&mutant.package, &[], reaching, most, |run| run)
    }
}

/// The numbers of the mutants that each test reaches.
#[derive(Debug, Default)]
struct Notes(HashMap<String, HashSet<u64>>);

impl Notes {
    /// Reads what tests noted that call the product themselves. Their threads have their names.
    fn of_threads() -> Result<Self, Failure> {
        let files = folders::files(&folders::of_notes())?.into_iter();
        let tests = files.filter(|name| name.contains("::"));
        let notes = tests.map(|test| Ok((test.clone(), read_notes(&test)?)));
        Ok(Self(notes.collect::<Result<_, Failure>>()?))
    }

    /// Adds what the functions of a test's stack noted.
    fn add_stack(&mut self, test: String, endpoint: &str) -> Result<(), Failure> {
        let reached = read_notes(&switch::notes_of_stack(endpoint))?;
        self.0.entry(test).or_default().extend(reached);
        Ok(())
    }

    /// Lists the tests that reach each mutant.
    fn by_mutant(self) -> HashMap<u64, Vec<String>> {
        let mut found: HashMap<u64, Vec<String>> = HashMap::new();
        for (test, reached) in self.0 {
            for number in reached {
                found.entry(number).or_default().push(test.clone());
            }
        }
        found
    }
}

/// Reads a file of notes: none if nothing was reached.
fn read_notes(name: &str) -> Result<HashSet<u64>, Failure> {
    let path = folders::of_notes().join(name);
    if !path.exists() {
        return Ok(HashSet::new());
    }
    Ok(read(&path)?.lines().filter_map(|number| number.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_meets_the_tests_that_reach_it() {
        let reached = [("one", vec![1, 2]), ("two", vec![2])];
        let notes = reached.map(|(test, numbers)| (test.to_owned(), HashSet::from_iter(numbers)));
        let found = Notes(notes.into()).by_mutant();
        assert_eq!(found.len(), 2);
        assert_eq!(found[&1], ["one"]);
        let of_both: HashSet<_> = found[&2].iter().map(String::as_str).collect();
        assert_eq!(of_both, HashSet::from(["one", "two"]));
    }
}

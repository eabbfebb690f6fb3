//! Mutants of comparisons: a rewritten copy of the repository holds them all, and a file says which one is active.

use std::{collections::HashSet, path::Path};

use crate::{
    active::Active,
    argued::Argued,
    choice::{Choice, Kind, sample},
    failure::Failure,
    folders,
    integration_tests::IntegrationTests,
    say::say,
    table::{Table, Verdict},
    tree::{self, Comparison},
    unit_tests::UnitTests,
};

/// The crate of a sample: its tests are built in a minute.
const SAMPLED: &str = "shared/domain";
/// Files whose mutants are all killed by their unit tests: a sample comes from them.
const SAMPLED_FILES: [&str; 9] = [
    "shared/domain/src/access.rs ",
    "shared/domain/src/access_key.rs ",
    "shared/domain/src/access_key/rotation.rs ",
    "shared/domain/src/address.rs ",
    "shared/domain/src/audit.rs ",
    "shared/domain/src/audit/effect.rs ",
    "shared/domain/src/decision_catalog.rs ",
    "shared/domain/src/declared_routes.rs ",
    "shared/domain/src/escalation.rs ",
];
/// Tests of the repository itself, which the copy does not follow.
const OF_SOURCES: &str = "rules::";

/// Runs the chosen mutants, and returns how many survive without an argument.
pub(crate) fn run(choice: &Choice, argued: &Argued) -> Result<usize, Failure> {
    let active = Active::lock()?;
    let mutants = tree::copy(active.file())?;
    argued.check(Kind::Comparisons, mutants.iter().map(|mutant| mutant.name.as_str()))?;
    let chosen = match choice.sample {
        Some(number) => sample(number, &sampled(&mutants)?),
        None => choice.of(&mutants, |mutant| &mutant.name),
    };
    let target = folders::of_comparisons().join("build");
    say("building the unit tests of the rewritten sources");
    let unit_tests = UnitTests::build(&target, choice.sample.map(|_| SAMPLED))?;
    let mut table = Table::new(argued, chosen.len(), mutants.len());
    let mut left = Vec::new();
    for mutant in chosen {
        active.set(&mutant.name)?;
        let killer = unit_tests.killer(mutant)?;
        let is_over = choice.is_for_unit_tests() || argued.reason(&mutant.name).is_some();
        match killer {
            Some(test) => table.row(&mutant.name, &Verdict::KilledBy(test)),
            None if is_over => table.row(&mutant.name, &Verdict::Survives("the unit tests".to_owned())),
            None => left.push(mutant),
        }
    }
    active.clear()?;
    if !left.is_empty() {
        say(&format!("{} pass the unit tests: building the integration tests", left.len()));
        let tests = Reached::build(&target, choice.collected)?;
        for mutant in left {
            active.set(&mutant.name)?;
            table.row(&mutant.name, &tests.outcome(mutant, choice.most_tests)?);
        }
    }
    Ok(table.survivors())
}

/// Returns the mutants that a sample may hold.
fn sampled(mutants: &[Comparison]) -> Result<Vec<&Comparison>, Failure> {
    let mut found = Vec::new();
    for file in SAMPLED_FILES {
        let before = found.len();
        found.extend(mutants.iter().filter(|mutant| mutant.name.starts_with(file)));
        if found.len() == before {
            return Err(Failure::NotSampled(file));
        }
    }
    Ok(found)
}

/// The integration tests of the rewritten sources.
struct Reached {
    tests: IntegrationTests,
    /// Each test and a function that it reaches, the fastest tests first.
    pairs: Vec<(String, String)>,
}

impl Reached {
    fn build(target: &Path, collected: bool) -> Result<Self, Failure> {
        let tests = IntegrationTests::build(&tree::root(), target)?;
        if !collected {
            tests.collect(|run| run.args(["--skip", OF_SOURCES]))?;
        }
        let pairs = tests.met("test-functions.tsv")?;
        Ok(Self { tests, pairs })
    }

    /// Runs the tests that reach the function; for crates that functions share, all.
    fn outcome(&self, mutant: &Comparison, most: Option<usize>) -> Result<Verdict, Failure> {
        let function = mutant.package.strip_prefix("functions/");
        let mut seen = HashSet::new();
        let reaching = self.pairs.iter().filter(|(_, met)| function.is_none_or(|function| met == function));
        let tests: Vec<_> = reaching.map(|(test, _)| test).filter(|test| seen.insert(*test)).collect();
        let tests = &tests[..tests.len().min(most.unwrap_or(usize::MAX))];
        let killer = self.tests.killer(tests.iter().copied(), |run| run)?;
        Ok(killer.map_or_else(|| Verdict::Survives(format!("{} tests", tests.len())), Verdict::KilledBy))
    }
}

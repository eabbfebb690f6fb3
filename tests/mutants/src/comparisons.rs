//! Mutants of comparisons and bounds: a rewritten copy of the repository holds them all, and a file says which one is active.

use crate::{
    active::Active,
    argued::Argued,
    choice::{Choice, Kind, sample},
    failure::Failure,
    folders,
    reaching::Reaching,
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

/// Runs the chosen mutants, and returns how many survive without an argument.
pub(crate) fn run(choice: &Choice, argued: &Argued) -> Result<usize, Failure> {
    let active = Active::lock()?;
    let mutants = tree::copy(active.file())?;
    argued.check(Kind::Comparisons, mutants.iter().map(|mutant| mutant.name.as_str()))?;
    let chosen = match choice.sample {
        Some(number) => sample(number, 1, &sampled(&mutants)?).into_iter().copied().collect(),
        None => choice.of(&mutants, |mutant| &mutant.name),
    };
    let target = match choice.sample {
        // Reuses some crates that `cargo test` built. Unit tests overwrite no program there.
        Some(_) => folders::workspace().join("target"),
        None => folders::of_comparisons().join("build"),
    };
    let mut table = Table::new(argued, chosen.len(), mutants.len());
    let mut left = Vec::new();
    if choice.integration_tests {
        for mutant in chosen {
            match argued.reason(&mutant.name) {
                Some(_) => table.row(&mutant.name, &Verdict::NotRun),
                None => left.push(mutant),
            }
        }
    } else {
        say("building the unit tests of the rewritten sources");
        let unit_tests = UnitTests::build(&target, choice.sample.map(|_| SAMPLED))?;
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
    }
    active.clear()?;
    if !left.is_empty() {
        say(&format!("{} meet the integration tests, which are being built", left.len()));
        let mut tests = Reaching::build(&target, &active, choice.collected)?;
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

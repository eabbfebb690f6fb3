//! Mutants of writes: a condition that is not checked, or an item that is not put. The local stack makes them.

use std::collections::{BTreeMap, HashSet};

use crate::{
    argued::Argued,
    choice::{Choice, Kind},
    failure::Failure,
    folders,
    integration_tests::IntegrationTests,
    say::say,
    table::{Table, Verdict},
};

/// One condition or record of a write, and the tests that send this write, the fastest first.
#[derive(Debug)]
struct Write {
    name: String,
    /// The tests in which the table refuses the condition.
    refused: Vec<String>,
    others: Vec<String>,
}

/// Runs the chosen mutants, and returns how many survive without an argument.
pub(crate) fn run(choice: &Choice, argued: &Argued) -> Result<usize, Failure> {
    let target = folders::workspace().join("target");
    let mut tests = IntegrationTests::build(&folders::workspace(), &target)?;
    if !choice.collected {
        say("collecting the writes of all tests");
        tests.collect(|run| run)?;
    }
    tests.read_times()?;
    let mutants = collected(&tests)?;
    argued.check(Kind::Writes, mutants.iter().map(|mutant| mutant.name.as_str()))?;
    let chosen = choice.of(&mutants, |mutant| &mutant.name);
    let mut table = Table::new(argued, chosen.len(), mutants.len());
    for mutant in chosen {
        let verdict = match argued.reason(&mutant.name) {
            // All its tests would run, which takes hours for all that are argued.
            Some(_) => Verdict::NotRun,
            None => {
                let function = mutant.name.split(' ').next().unwrap_or_default();
                tests.judge(function, &mutant.refused, &mutant.others, choice.most_tests, |run| {
                    run.env("MUTANT", &mutant.name)
                })?
            }
        };
        table.row(&mutant.name, &verdict);
    }
    Ok(table.survivors())
}

/// Returns the mutants that the tests have met, in order.
fn collected(tests: &IntegrationTests) -> Result<Vec<Write>, Failure> {
    let (mut mutants, mut refused) = (BTreeMap::<String, Vec<String>>::new(), HashSet::new());
    for (test, met) in tests.met("mutants.tsv")? {
        match met.strip_suffix("\trefused") {
            Some(mutant) => drop(refused.insert((mutant.to_owned(), test))),
            None => mutants.entry(met).or_default().push(test),
        }
    }
    if mutants.is_empty() {
        return Err(Failure::NothingCollected);
    }
    let write = |(name, mut sending): (String, Vec<String>)| {
        tests.sort(&mut sending);
        let is_refused = |test: &String| refused.contains(&(name.clone(), test.clone()));
        let (refused, others) = sending.into_iter().partition(is_refused);
        Write { name, refused, others }
    };
    Ok(mutants.into_iter().map(write).collect())
}

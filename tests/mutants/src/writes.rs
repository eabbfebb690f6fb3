//! Mutants of writes: a condition, filter or range that differs, or an item that is not put. The local stack makes them.

use std::collections::{BTreeMap, HashSet};

use crate::{
    argued::Argued,
    choice::{Choice, Kind, sample},
    failure::Failure,
    folders,
    integration_tests::{IntegrationTests, OF_SOURCES},
    killers::{self, Killer},
    say::say,
    table::{Table, Verdict},
};

/// One mutant, and the tests that send its request, the fastest first.
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
        tests.collect(|run| run.args(["--skip", OF_SOURCES]))?;
    }
    tests.read_times()?;
    let mutants = collected(&tests)?;
    argued.check(Kind::Writes, mutants.iter().map(|mutant| mutant.name.as_str()))?;
    let chosen = choice.of(&mutants, |mutant| &mutant.name);
    let mut table = Table::new(argued, chosen.len(), mutants.len());
    let mut killed = Vec::new();
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
        if let Verdict::KilledBy(test) = verdict {
            killed.push(Killer { mutant: mutant.name.clone(), test });
        }
    }
    if choice.is_whole() {
        let there = tests.list()?;
        killed.retain(|killer| there.contains(&killer.test));
        killers::write(&killed)?;
    }
    Ok(table.survivors())
}

/// How many writes are in a sample.
const SAMPLE: usize = 2;
/// The variables by which more of a test is played, so that it takes minutes, or another part of it.
const SHARES_AND_SEEDS: [&str; 14] = [
    "HISTORIES",
    "MODEL_STEPS",
    "MATRIX_CELLS",
    "HOSTILE_EVENTS",
    "RESTORE_RUNS",
    "FAULTY_INTERLEAVINGS",
    "INTERLEAVED_TRIPLES",
    "LINEARIZED_WINDOWS",
    "HISTORY_SEED",
    "MODEL_SEED",
    "HOSTILE_SEED",
    "RESTORE_SEED",
    "INTERLEAVING_SEED",
    "WINDOW_SEED",
];

/// Runs the mutants that a number chooses, each against the test that killed it when all ran.
pub(crate) fn run_sample(number: usize, argued: &Argued) -> Result<usize, Failure> {
    let killers = killers::read()?;
    let workspace = folders::workspace();
    let mut tests = IntegrationTests::build(&workspace, &workspace.join("target"))?;
    let chosen = sample(number, SAMPLE, &killers);
    let mut table = Table::new(argued, chosen.len(), killers.len());
    for Killer { mutant, test } in chosen {
        let likely = std::slice::from_ref(test);
        let verdict = tests.judge(mutant, likely, &[], None, |run| {
            // The table was written without them.
            for variable in SHARES_AND_SEEDS {
                run.env_remove(variable);
            }
            run.env("MUTANT", mutant)
        })?;
        let verdict = match verdict {
            Verdict::KilledBy(end) if end != *test => Verdict::Survives(end),
            verdict => verdict,
        };
        table.row(mutant, &verdict);
    }
    if table.survivors() > 0 {
        say(
            "if a write got another name, `cargo run --bin mutants -- --kind writes` writes tests/mutants/killers.tsv anew",
        );
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

//! Runs the tests under each mutant of the functions' writes, and lists the mutants that no test notices.

mod harness;
mod survivors;

use std::{io::Write as _, process::ExitCode, time::Instant};

use clap::Parser;

use harness::{Failure, Harness, Mutant};
use survivors::Argued;

/// Leaves out one condition or one record of a write at a time, and runs tests that send this write.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only mutants whose name holds this text, such as `revoke-access-key` or `USER/KEY`. May be repeated.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Of the mutants in order, only each n-th.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// The first mutant of those to take, counted from 0.
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// The most tests to run under one mutant, the fastest first; all that send the write if absent.
    #[arg(long)]
    most_tests: Option<usize>,
    /// Whether the tests' writes are taken from `target/mutants.tsv` instead of a run of all tests.
    #[arg(long)]
    collected: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(survivors) => {
            say(&format!("{survivors} mutants survive: write a test, or argue in tests/mutants/argued.tsv"));
            ExitCode::FAILURE
        }
        Err(failure) => {
            say(&format!("mutants: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Returns how many mutants survive without an argument.
fn run(arguments: &Arguments) -> Result<usize, Failure> {
    let harness = Harness::build()?;
    if !arguments.collected {
        say("collecting the writes of all tests");
        harness.collect()?;
    }
    let argued = Argued::read()?;
    let mutants = harness::mutants()?;
    argued.check(&mutants)?;
    let wanted = |mutant: &&Mutant| {
        arguments.only.is_empty() || arguments.only.iter().any(|text| mutant.name.contains(text))
    };
    let chosen: Vec<_> =
        mutants.iter().filter(wanted).skip(arguments.from).step_by(arguments.every.max(1)).collect();
    say(&format!("{} of {} mutants", chosen.len(), mutants.len()));
    let most_tests = arguments.most_tests.unwrap_or(usize::MAX);
    let mut survivors = 0;
    for (place, mutant) in chosen.iter().enumerate() {
        let began = Instant::now();
        let verdict = match (harness.killer(mutant, most_tests)?, argued.reason(&mutant.name)) {
            (Some(test), _) => format!("killed by {test}"),
            (None, Some(reason)) => format!("argued: {reason}"),
            (None, None) => {
                survivors += 1;
                format!("SURVIVES {} tests", mutant.tests.len().min(most_tests))
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        say(&format!("{}/{}\t{seconds:.1} s\t{}\t{verdict}", place + 1, chosen.len(), mutant.name));
    }
    Ok(survivors)
}

fn say(line: &str) {
    // Nobody reads a closed output.
    writeln!(std::io::stdout(), "{line}").ok();
}

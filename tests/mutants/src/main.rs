//! Runs the tests under each mutant of the product, and lists the mutants that no test notices.
//!
//! A mutant of a write leaves out a condition or an item on the way to the table. A mutant of a comparison is a change of
//! the code, in a copy of the repository.

mod active;
mod argued;
mod choice;
mod comparisons;
mod failure;
mod folders;
mod integration_tests;
mod killers;
mod process;
mod reaching;
mod rewriting;
mod say;
mod signature;
mod switch;
mod table;
mod tree;
mod unit_tests;
mod writes;

use std::process::ExitCode;

use clap::Parser as _;

use argued::Argued;
use choice::{Choice, Kind};
use failure::Failure;
use say::say;

fn main() -> ExitCode {
    match run(&Choice::parse()) {
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
fn run(choice: &Choice) -> Result<usize, Failure> {
    let argued = Argued::read()?;
    let mut survivors = 0;
    if choice.has(Kind::Comparisons) {
        survivors += comparisons::run(choice, &argued)?;
    }
    if choice.has(Kind::Writes) {
        survivors += match choice.sample {
            Some(number) => writes::run_sample(number, &argued)?,
            None => writes::run(choice, &argued)?,
        };
    }
    Ok(survivors)
}

//! Measures the release binaries against the floor: functions that do nothing, or only the authorizer's read.
//!
//! Each function is a real process that asks this one for events, as Lambda's runtime API hands them
//! out, and has its AWS endpoints from the local stack. Product and floors take turns, so that whatever
//! else the machine does weighs on both: ratios of medians are what counts.

mod arguments;
mod authorizer;
mod binaries;
mod copies;
mod event;
mod failure;
mod figures;
mod functions;
mod hot_key;
mod instance;
mod limits;
mod notices;
mod process;
mod report;
mod runtime_api;
mod scale;
mod sizes;
mod targets;
mod world;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser as _;

use arguments::{Arguments, Section};
use binaries::Binaries;
use failure::Failure;
use report::Report;
use world::World;

/// Runs what the command line asks for, and prints it.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut report = Report::default();
    match run(&arguments, &mut report) {
        Ok(took) => {
            report.print();
            report::finished(took);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            report.print();
            report::failed(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Returns how long the measuring took.
fn run(arguments: &Arguments, report: &mut Report) -> Result<Duration, Failure> {
    let wanted = |section| arguments.wants(section);
    let binaries = &Binaries::build(arguments)?;
    let (size, began) = (arguments.size(), Instant::now());
    if wanted(Section::Sizes) {
        sizes::measure(binaries, report)?;
    }
    if wanted(Section::Authorizer) || wanted(Section::HotKey) || wanted(Section::Scale) {
        let world = World::start(binaries, size.tokens)?;
        copies::fill(&world, size.small)?;
        if wanted(Section::Authorizer) {
            authorizer::measure(&world, &size, report)?;
        }
        if wanted(Section::HotKey) {
            hot_key::measure(&world, &size, report)?;
        }
        if wanted(Section::Scale) {
            scale::measure(&world, binaries, &size, report)?;
        }
    }
    if wanted(Section::Limits) {
        limits::measure(binaries, &size, report)?;
    }
    if wanted(Section::Functions) {
        let world = World::start(binaries, 1)?;
        functions::measure(&world, &size, report)?;
    }
    if wanted(Section::Notices) {
        notices::measure(binaries, &size, report)?;
    }
    Ok(began.elapsed())
}

//! Warm instances of authorizer and floors, in turns.

use std::{fs, time::Duration};

use super::{DOES_NOTHING, LEAN_READ, LOGS, MALFORMED, RIGHT, Subject, in_turn, most, place};
use crate::{
    arguments::Size,
    failure::Failure,
    figures::{Times, as_f64},
    instance::Instance,
    report::{Report, Section, both, number, progress},
    targets::Target,
    world::World,
};

/// Instances of each function, one after the other: where the system puts a process makes it faster or
/// slower for as long as it lives.
const GENERATIONS: usize = 10;

struct Row {
    times: Times,
    /// On a processor; `None` where the system does not tell.
    ran: Option<Duration>,
    memory: Option<f64>,
}

/// Measures warm instances that take turns.
pub(super) fn measure(
    world: &World,
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let new = || Row { times: Times::default(), ran: Some(Duration::ZERO), memory: None };
    let mut rows: Vec<Row> = subjects.iter().map(|_| new()).collect();
    let decisions = size.decisions / GENERATIONS;
    for generation in 1..=GENERATIONS {
        progress(&format!("warm authorizer and floors: {generation} of {GENERATIONS}"));
        let mut warm = Vec::new();
        for subject in subjects {
            let instance = Instance::start(&subject.start)?;
            for _ in 0..20 {
                subject.decide(world, &instance)?;
            }
            let before = instance.processor_time();
            warm.push((instance, before));
        }
        world.stack.calls().clear();
        for _ in 0..decisions {
            for ((subject, row), (instance, _)) in in_turn(subjects.iter().zip(&mut rows).zip(&warm)) {
                row.times.add(subject.decide(world, instance)?.took);
            }
        }
        for (row, (instance, before)) in rows.iter_mut().zip(&warm) {
            let ran = instance.processor_time().zip(*before).map(|(now, before)| now.saturating_sub(before));
            row.ran = row.ran.zip(ran).map(|(all, ran)| all + ran);
            row.memory = most(row.memory, instance.high_water_mark());
        }
    }
    let mut section = Section::new(
        "Warm: one at a time",
        &["function", "ms", "p99", "× nothing", "× the lean read", "processor, µs", "MiB"],
    );
    let median = |name| place(subjects, name).map_or(f64::NAN, |place| rows[place].times.median());
    for (subject, row) in subjects.iter().zip(&rows) {
        let all = as_f64(decisions * GENERATIONS);
        let each = row.ran.map_or(f64::NAN, |ran| ran.as_secs_f64() * 1e6 / all);
        let [time, p99] = both(&row.times);
        section.row([
            subject.name.to_owned(),
            time,
            p99,
            number(row.times.median() / median(DOES_NOTHING)),
            number(row.times.median() / median(LEAN_READ)),
            number(each),
            number(row.memory.unwrap_or(f64::NAN)),
        ]);
    }
    report.section(section);
    let right = median(RIGHT) / median(LEAN_READ);
    let malformed = |floor| median(MALFORMED) / median(floor);
    same_lines(subjects)?;
    report.target(Target::ratio("warm right secret, of the lean read", right, 1.2));
    let nothing = malformed(DOES_NOTHING);
    report.target(Target::ratio("warm malformed, of a function that does nothing", nothing, 1.15));
    report.target(Target::ratio("warm malformed, of one that writes one log line", malformed(LOGS), 1.1));
    Ok(())
}

/// Checks that the floor writes lines as long as the authorizer's for a malformed credential.
fn same_lines(subjects: &[Subject]) -> Result<(), Failure> {
    let line = |name, part: &str| {
        let log = place(subjects, name).map(|place| &subjects[place].start.log);
        let text = log.and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
        text.lines().rfind(|line| line.contains(part)).unwrap_or_default().len()
    };
    let (floor, ours) = (line(LOGS, "malformed"), line(MALFORMED, "malformed"));
    if floor == ours && floor > 0 { Ok(()) } else { Err(Failure::Lines { floor, ours }) }
}

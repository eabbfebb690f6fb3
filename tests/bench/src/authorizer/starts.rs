//! Cold starts of authorizer and floors.

use super::{DOCUMENTED_READ, DOES_NOTHING, RIGHT, Subject, in_turn, most, place};
use crate::{
    arguments::Size,
    failure::Failure,
    figures::Times,
    instance::Instance,
    report::{Report, Section, both, milliseconds, number, progress},
    targets::Target,
    world::World,
};

#[derive(Default)]
struct Row {
    polls: Times,
    decisions: Times,
    processor: Times,
    memory: Option<f64>,
}

/// Measures starts: until the function asks for an event, and until it has answered its first.
pub(super) fn measure(
    world: &World,
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut rows: Vec<Row> = subjects.iter().map(|_| Row::default()).collect();
    for round in 0..size.authorizer_starts {
        if round % 10 == 0 {
            progress(&format!("starting authorizer and floors: {round} of {}", size.authorizer_starts));
        }
        for (subject, row) in in_turn(subjects.iter().zip(&mut rows)) {
            let instance = Instance::start(&subject.start)?;
            row.processor.extend(instance.processor_time());
            let answer = subject.decide(world, &instance)?;
            row.polls.add(instance.first_poll);
            row.decisions.add(instance.since_start(&answer));
            row.memory = most(row.memory, instance.high_water_mark());
        }
    }
    let mut section = Section::new(
        "Starts: milliseconds from the start of the process",
        &[
            "function",
            "to the first poll",
            "p99",
            "× nothing",
            "of it on a processor",
            "to the first decision",
            "p99",
            "MiB",
        ],
    );
    let poll = |name| place(subjects, name).map_or(f64::NAN, |place| rows[place].polls.median());
    for (subject, row) in subjects.iter().zip(&rows) {
        let [median, p99] = both(&row.polls);
        let ratio = number(row.polls.median() / poll(DOES_NOTHING));
        let decided = [milliseconds(row.decisions.median()), milliseconds(row.decisions.p99())];
        let memory = number(row.memory.unwrap_or(f64::NAN));
        let ran = milliseconds(row.processor.median());
        let cells = [subject.name.to_owned(), median, p99, ratio, ran];
        section.row(cells.into_iter().chain(decided).chain([memory]));
    }
    report.section(section);
    let to_poll = |floor| poll(RIGHT) / poll(floor);
    report.target(Target::ratio(
        "start to first poll, of a function that does nothing",
        to_poll(DOES_NOTHING),
        2.0,
    ));
    report.target(Target::ratio(
        "start to first poll, of the documented set-up",
        to_poll(DOCUMENTED_READ),
        0.5,
    ));
    Ok(())
}

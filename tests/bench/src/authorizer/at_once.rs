//! Eight instances at once.

use std::{thread, time::Instant};

use super::{DOES_NOTHING, Subject};
use crate::{
    arguments::Size,
    failure::Failure,
    figures::{Times, as_f64},
    instance::{Instance, Start},
    report::{Report, Section, both, number, progress},
    world::World,
};

const INSTANCES: usize = 8;

/// Measures eight instances at once: starts, then warm.
pub(super) fn measure(
    world: &World,
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut section = Section::new(
        "Starts, eight at once: milliseconds from the start of the process",
        &["function", "to the first poll", "p99", "to the first decision", "p99"],
    );
    for subject in subjects {
        progress(&format!("starting eight at once: {}", subject.name));
        let (polls, decisions) = starts(world, subject, size.starts_at_once)?;
        let times = both(&polls).into_iter().chain(both(&decisions));
        section.row([subject.name.to_owned()].into_iter().chain(times));
    }
    report.section(section);
    warm(world, subjects, size, report)
}

fn starts(world: &World, subject: &Subject, rounds: usize) -> Result<(Times, Times), Failure> {
    let (mut polls, mut decisions) = (Times::default(), Times::default());
    for _ in 0..rounds {
        let started = each(vec![(); INSTANCES], |()| {
            let instance = Instance::start(&subject.start)?;
            let answer = subject.decide(world, &instance)?;
            Ok((instance.first_poll, instance.since_start(&answer)))
        })?;
        for (poll, decision) in started {
            polls.add(poll);
            decisions.add(decision);
        }
    }
    Ok((polls, decisions))
}

fn warm(world: &World, subjects: &[Subject], size: &Size, report: &mut Report) -> Result<(), Failure> {
    let mut section = Section::new(
        "Warm: eight at once",
        &["function", "ms", "p99", "× nothing", "decisions a second, this machine"],
    );
    let mut nothing = f64::NAN;
    for subject in subjects {
        progress(&format!("eight at once: {}", subject.name));
        let count = size.decisions / 4;
        let decide = |count: usize| {
            move |instance: &Instance| (0..count).map(|_| Ok(subject.decide(world, instance)?.took)).collect()
        };
        let (times, seconds) = together(&subject.start, decide(1), decide(count))?;
        let rate = as_f64(INSTANCES * count) / seconds;
        if subject.name == DOES_NOTHING {
            nothing = times.median();
        }
        let [median, p99] = both(&times);
        section.row([subject.name.to_owned(), median, p99, number(times.median() / nothing), number(rate)]);
    }
    report.section(section);
    Ok(())
}

/// Warms eight instances one after the other, then lets them decide at the same time; returns what they
/// took, and the seconds that passed.
pub(super) fn together(
    start: &Start,
    warm: impl Fn(&Instance) -> Result<Times, Failure>,
    decide: impl Fn(&Instance) -> Result<Times, Failure> + Sync,
) -> Result<(Times, f64), Failure> {
    let instances: Vec<_> = (0..INSTANCES).map(|_| Instance::start(start)).collect::<Result<_, _>>()?;
    for instance in &instances {
        warm(instance)?;
    }
    let began = Instant::now();
    let times = each(instances, |instance| decide(&instance))?;
    let took = began.elapsed().as_secs_f64();
    Ok((times.into_iter().flatten().collect(), took))
}

/// Does something with each item at the same time.
fn each<T: Send, R: Send>(
    items: Vec<T>,
    run: impl Fn(T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = items.into_iter().map(|item| scope.spawn(move || run(item))).collect();
        threads.into_iter().map(|thread| thread.join().expect("measuring does not panic")).collect()
    })
}

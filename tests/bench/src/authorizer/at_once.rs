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

/// Measures eight instances at once.
pub(super) fn measure(
    world: &World,
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut section = Section::new(
        "Warm: eight at once",
        &["function", "ms", "p99", "× nothing", "decisions a second, this machine"],
    );
    let mut nothing = f64::NAN;
    for subject in subjects {
        progress(&format!("eight at once: {}", subject.name));
        let decisions = size.decisions / 4;
        let (times, seconds) = together(&subject.start, |instance, counted| {
            let decisions = if counted { decisions } else { 1 };
            (0..decisions).map(|_| Ok(subject.decide(world, instance)?.took)).collect()
        })?;
        let rate = as_f64(INSTANCES * decisions) / seconds;
        if subject.name == DOES_NOTHING {
            nothing = times.median();
        }
        let [median, p99] = both(&times);
        section.row([subject.name.to_owned(), median, p99, number(times.median() / nothing), number(rate)]);
    }
    report.section(section);
    Ok(())
}

/// Lets each of eight instances decide, first for once and then at the same time, which is what counts.
pub(super) fn together(
    start: &Start,
    decide: impl Fn(&Instance, bool) -> Result<Times, Failure> + Sync,
) -> Result<(Times, f64), Failure> {
    let instances: Vec<_> = (0..INSTANCES).map(|_| Instance::start(start)).collect::<Result<_, _>>()?;
    for instance in &instances {
        decide(instance, false)?;
    }
    let began = Instant::now();
    let mut all = Times::default();
    thread::scope(|scope| {
        let decide = &decide;
        let each: Vec<_> =
            instances.into_iter().map(|instance| scope.spawn(move || decide(&instance, true))).collect();
        for thread in each {
            all.extend(thread.join().expect("deciding does not panic")?);
        }
        Ok::<_, Failure>(())
    })?;
    Ok((all, began.elapsed().as_secs_f64()))
}

use super::{DOES_NOTHING, LEAN_READ, MALFORMED, RIGHT, Subject, place};
use crate::{
    arguments::Size,
    failure::Failure,
    figures::{Times, as_f64},
    instance::Instance,
    report::{Report, Section, both, number, progress},
    targets::Target,
    world::World,
};

/// Measures warm instances that take turns.
pub(super) fn measure(
    world: &World,
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut warm = Vec::new();
    for subject in subjects {
        let instance = Instance::start(&subject.start)?;
        for _ in 0..20 {
            subject.decide(world, &instance)?;
        }
        let ran = instance.processor_time();
        warm.push((subject, instance, ran, Times::default()));
    }
    world.stack.calls().clear();
    for round in 0..size.decisions {
        if round % 500 == 0 {
            progress(&format!("warm authorizer and floors: {round} of {}", size.decisions));
        }
        for (subject, instance, _, times) in &mut warm {
            times.add(subject.decide(world, instance)?.took);
        }
    }
    let mut section = Section::new(
        "Warm: one at a time",
        &["function", "ms", "p99", "× nothing", "× the lean read", "processor, µs", "MiB"],
    );
    let median = |name| place(subjects, name).map_or(f64::NAN, |place| warm[place].3.median());
    for (subject, instance, ran, times) in &warm {
        let processor = instance.processor_time().zip(*ran).map(|(now, before)| now.saturating_sub(before));
        let each = processor.map_or(f64::NAN, |time| time.as_secs_f64() * 1e6 / as_f64(size.decisions));
        let [time, p99] = both(times);
        section.row([
            subject.name.to_owned(),
            time,
            p99,
            number(times.median() / median(DOES_NOTHING)),
            number(times.median() / median(LEAN_READ)),
            number(each),
            number(instance.high_water_mark().unwrap_or(f64::NAN)),
        ]);
    }
    report.section(section);
    let right = median(RIGHT) / median(LEAN_READ);
    let malformed = median(MALFORMED) / median(DOES_NOTHING);
    report.target(Target::ratio("warm right secret, of the lean read", right, 1.2));
    report.target(Target::ratio("warm malformed, of a function that does nothing", malformed, 1.1));
    Ok(())
}

//! Secrets that an instance has not verified before, and its memory after many decisions.

use std::time::Duration;

use serde_json::Value;

use super::{LEAN_READ, RIGHT, Subject, at_once::together, decide, place};
use crate::{
    arguments::Size,
    binaries::HASHING,
    event,
    failure::Failure,
    figures::Times,
    instance::Instance,
    report::{Report, Section, both, number, progress},
    targets::Target,
    world::World,
};

/// Measures right secrets that a warm instance has not seen, then the memory of one that has seen much.
pub(super) fn measure(
    world: &World,
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let subject = |name| &subjects[place(subjects, name).expect("every subject is listed")];
    let (right, lean) = (subject(RIGHT), subject(LEAN_READ));
    let events: Vec<_> = world
        .tokens
        .iter()
        .map(|token| event::authorizer(world, "x-access-key", token))
        .collect::<Result<_, _>>()?;
    progress("right secrets that an instance has not seen");
    let before = Instance::start(&right.start)?;
    for event in &events {
        decide(world, &before, event, true)?;
    }
    let (floor, hashing) = (Instance::start(&lean.start)?, Instance::start(&world.floor(HASHING)?)?);
    let (mut unseen, mut reads, mut runs) = (Times::default(), Times::default(), Times::default());
    for _ in 0..3 {
        let instance = Instance::start(&right.start)?;
        decide(world, &instance, &events[0], true)?;
        decide(world, &floor, &events[0], true)?;
        hash(world, &hashing)?;
        for event in &events[1..] {
            unseen.add(decide(world, &instance, event, true)?.took);
            reads.add(decide(world, &floor, event, true)?.took);
            runs.add(hash(world, &hashing)?);
        }
    }
    let alone = [unseen, reads, runs];
    let mut section = Section::new(
        "A right secret that a warm instance has not seen",
        &["what", "ms", "p99", "eight at once, ms", "p99"],
    );
    let names = ["authorizer", "the read alone, lean", "one argon2 run"];
    for ((name, alone), together) in names.into_iter().zip(&alone).zip(&at_once(world, right, lean, &events)?)
    {
        section.row([name.to_owned()].into_iter().chain(both(alone)).chain(both(together)));
    }
    report.section(section);
    let [unseen, reads, runs] = alone.map(|times| times.median());
    let ratio = unseen / (reads + runs);
    report.target(Target::ratio("right secret not seen, of the lean read and one argon2 run", ratio, 1.1));
    memory(world, &before, &events, subjects, size, report)
}

/// Measures the same three with eight instances each; the first event is not new to them.
fn at_once(
    world: &World,
    right: &Subject,
    lean: &Subject,
    events: &[Vec<u8>],
) -> Result<[Times; 3], Failure> {
    let (seen, new) = events.split_at(1);
    let decided = |subject: &Subject| {
        progress(&format!("not seen, eight at once: {}", subject.name));
        together(&subject.start, deciding(world, seen), deciding(world, new))
    };
    let hashed = || {
        progress("argon2, eight at once");
        let runs =
            |count: usize| move |instance: &Instance| (0..count).map(|_| hash(world, instance)).collect();
        together(&world.floor(HASHING)?, runs(1), runs(new.len()))
    };
    Ok([decided(right)?.0, decided(lean)?.0, hashed()?.0])
}

fn deciding<'a>(
    world: &'a World,
    events: &'a [Vec<u8>],
) -> impl Fn(&Instance) -> Result<Times, Failure> + Sync + 'a {
    move |instance| events.iter().map(|event| Ok(decide(world, instance, event, true)?.took)).collect()
}

fn hash(world: &World, hashing: &Instance) -> Result<Duration, Failure> {
    let answer = hashing.invoke(b"{}", world.deadline())?;
    let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let nanoseconds = answer["nanoseconds"].as_u64();
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| hashing.failed(answer.to_string()))
}

fn memory(
    world: &World,
    instance: &Instance,
    events: &[Vec<u8>],
    subjects: &[Subject],
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let others: Vec<_> =
        subjects.iter().filter(|subject| subject.start.function == instance.function()).collect();
    for number in 0..size.memory_decisions {
        if number % 1_000 == 0 {
            progress(&format!("decisions for the memory's sake: {number} of {}", size.memory_decisions));
        }
        match number % 4 {
            0 => {
                let other = others[number / 4 % others.len()];
                other.decide(world, instance)?;
            }
            _ => {
                decide(world, instance, &events[number % events.len()], true)?;
            }
        }
    }
    let peak = instance.high_water_mark().unwrap_or(f64::NAN);
    let mut section = Section::new("Memory", &["after decisions", "on keys", "most ever, MiB"]);
    section.row([size.memory_decisions.to_string(), events.len().to_string(), number(peak)]);
    report.section(section);
    report.target(Target::megabytes("memory after 10,000 decisions", peak * 1.048_576, 32.0));
    Ok(())
}

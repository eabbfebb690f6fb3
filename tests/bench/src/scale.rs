//! The authorizer with a few keys in the table and with many.

use local::{Effect, Fault, Service};

use crate::{
    arguments::Size,
    authorizer::decide,
    binaries::{AUTHORIZER, Binaries},
    copies, event,
    failure::Failure,
    figures::Times,
    instance::Instance,
    report::{Report, Section, both, number, progress},
    targets::Target,
    world::World,
};

/// Measures decisions on many keys, in turns in a small table and in a large one.
pub(crate) fn measure(
    small: &World,
    binaries: &Binaries,
    size: &Size,
    report: &mut Report,
) -> Result<(), Failure> {
    let large = World::start(binaries, small.tokens.len())?;
    copies::fill(&large, size.large)?;
    let mut tables = Vec::new();
    for (world, keys) in [(small, size.small), (&large, size.large)] {
        let events = world.tokens.iter().map(|token| event::authorizer(world, "x-access-key", token));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let instance = Instance::start(&world.of(AUTHORIZER)?)?;
        for event in &events {
            decide(world, &instance, event, true)?;
        }
        let unlimited = Effect::PartitionReads { units_per_second: u32::MAX };
        let read_units = {
            world.stack.faults().add(Fault::on(Service::DynamoDb, unlimited).operation("BatchGetItem"));
            decide(world, &instance, &events[0], true)?;
            let units = world.stack.faults().read_units();
            world.stack.faults().clear();
            units
        };
        tables.push((world, keys, events, instance, read_units, Times::default()));
    }
    for round in 0..size.decisions {
        if round % 500 == 0 {
            progress(&format!("a small and a large table: {round} of {}", size.decisions));
        }
        for (world, _, events, instance, _, times) in &mut tables {
            times.add(decide(world, instance, &events[round % events.len()], true)?.took);
        }
    }
    let mut section = Section::new(
        "Warm right secret, by the keys in the table",
        &["keys", "ms", "p99", "read units a decision"],
    );
    for (_, keys, _, _, units, times) in &tables {
        let [median, p99] = both(times);
        section.row([keys.to_string(), median, p99, number(*units)]);
    }
    report.section(section);
    let ratio = |of: fn(&Times, f64) -> f64| of(&tables[1].5, tables[1].4) / of(&tables[0].5, tables[0].4);
    report.target(Target::ratio(
        "latency in the large table, of the small one",
        ratio(|times, _| times.median()),
        1.25,
    ));
    report.target(Target::ratio(
        "read units in the large table, of the small one",
        ratio(|_, units| units),
        1.0,
    ));
    Ok(())
}

//! One key that is checked as often as its partition carries.

use std::{
    thread,
    time::{Duration, Instant},
};

use local::{Effect, Fault, Service};

use crate::{
    arguments::Size,
    binaries::AUTHORIZER,
    event,
    failure::Failure,
    instance::{Instance, Start},
    report::{Report, Section, number, progress},
    world::World,
};

/// Read units a second that AWS allows of one partition.
const UNITS: u32 = 3_000;

const INSTANCES: usize = 4;

/// Measures what a decision reads, and how many a partition carries, with decisions reused and not.
pub(crate) fn measure(world: &World, size: &Size, report: &mut Report) -> Result<(), Failure> {
    let mut section = Section::new(
        "A hot key: one partition carries 3,000 read units a second",
        &[
            "`DECISION_MAX_AGE_SECONDS`",
            "read units a decision",
            "decisions a second that they carry",
            "decisions a second, this machine",
            "errors",
        ],
    );
    let hot = Hot {
        world,
        seconds: size.hot_seconds,
        event: event::authorizer(world, "x-access-key", &world.tokens[0])?,
    };
    for (age, limit) in [(0, UNITS), (0, UNITS / 10), (1, UNITS), (1, UNITS / 10)] {
        progress(&format!("a hot key, decisions reused for {age} s"));
        let mut start = world.of(AUTHORIZER)?;
        start.variables.insert("DECISION_MAX_AGE_SECONDS".to_owned(), age.to_string());
        let found = hot.run(&start, limit)?;
        let unlimited = f64::from(UNITS) / found.units_each;
        let rate = number(found.rate);
        let with_limit = if limit == UNITS { rate } else { format!("{rate} at a tenth of the units") };
        section.row([
            age.to_string(),
            number(found.units_each),
            number(unlimited),
            with_limit,
            found.errors.to_string(),
        ]);
    }
    report.section(section);
    Ok(())
}

struct Hot<'a> {
    world: &'a World<'a>,
    seconds: u64,
    event: Vec<u8>,
}

struct Found {
    units_each: f64,
    rate: f64,
    errors: u32,
}

impl Hot<'_> {
    /// Lets instances decide on the one key as fast as they can.
    fn run(&self, start: &Start, limit: u32) -> Result<Found, Failure> {
        let instances: Vec<_> = (0..INSTANCES).map(|_| Instance::start(start)).collect::<Result<_, _>>()?;
        for instance in &instances {
            instance.invoke(&self.event, self.world.deadline())?;
        }
        let faults = self.world.stack.faults();
        faults.add(Fault::on(Service::DynamoDb, Effect::PartitionReads { units_per_second: limit }));
        let began = Instant::now();
        let end = began + Duration::from_secs(self.seconds);
        let counts = thread::scope(|scope| {
            let each: Vec<_> = instances
                .into_iter()
                .map(|instance| scope.spawn(move || self.until(&instance, end)))
                .collect();
            each.into_iter()
                .map(|thread| thread.join().expect("deciding does not panic"))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let seconds = began.elapsed().as_secs_f64();
        let (made, errors) = counts.into_iter().fold((0, 0), |all, each| (all.0 + each.0, all.1 + each.1));
        let units = faults.read_units();
        faults.clear();
        Ok(Found { units_each: units / f64::from(made), rate: f64::from(made) / seconds, errors })
    }

    /// Counts decisions and errors until the time is over.
    fn until(&self, instance: &Instance, end: Instant) -> Result<(u32, u32), Failure> {
        let (mut made, mut errors) = (0, 0);
        while Instant::now() < end {
            let answer = instance.invoke(&self.event, self.world.deadline())?;
            *if answer.is_right { &mut made } else { &mut errors } += 1;
        }
        Ok((made, errors))
    }
}

//! One key that is checked as often as its partition carries.

use std::{
    thread,
    time::{Duration, Instant},
};

use local::{Effect, Fault, Service};

use crate::{
    arguments::Size,
    authorizer::decide,
    binaries::AUTHORIZER,
    event,
    failure::Failure,
    figures::as_f64,
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
            "read units a second that it may read",
            "read units a decision",
            "the partition carries",
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
        // With decisions reused, an instance reads as often as they age, however often it decides.
        let carries = if age == 0 {
            format!("{} decisions a second", number(f64::from(UNITS) / found.units_each))
        } else {
            let each = found.units_each * found.rate / as_f64(INSTANCES);
            format!("{} instances, however busy", number(f64::from(UNITS) / each))
        };
        section.row([
            age.to_string(),
            limit.to_string(),
            number(found.units_each),
            carries,
            number(found.rate),
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
    /// Lets instances decide on the one key as fast as they can, once the units that the partition had saved up are spent.
    fn run(&self, start: &Start, limit: u32) -> Result<Found, Failure> {
        let mut instances: Vec<_> =
            (0..INSTANCES).map(|_| Instance::start(start)).collect::<Result<_, _>>()?;
        for instance in &instances {
            decide(self.world, instance, &self.event, true)?;
        }
        let faults = self.world.stack.faults();
        faults.add(Fault::on(Service::DynamoDb, Effect::PartitionReads { units_per_second: limit }));
        self.all_until(&mut instances, Instant::now() + Duration::from_secs(1))?;
        let (began, before) = (Instant::now(), faults.read_units());
        let (made, errors) = self.all_until(&mut instances, began + Duration::from_secs(self.seconds))?;
        let seconds = began.elapsed().as_secs_f64();
        let units = faults.read_units() - before;
        faults.clear();
        Ok(Found { units_each: units / f64::from(made), rate: f64::from(made) / seconds, errors })
    }

    /// Counts the decisions and errors of all instances until the time is over.
    fn all_until(&self, instances: &mut [Instance], end: Instant) -> Result<(u32, u32), Failure> {
        thread::scope(|scope| {
            let each: Vec<_> =
                instances.iter_mut().map(|instance| scope.spawn(move || self.until(instance, end))).collect();
            each.into_iter().try_fold((0, 0), |all, thread| {
                let (made, errors) = thread.join().expect("deciding does not panic")?;
                Ok((all.0 + made, all.1 + errors))
            })
        })
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

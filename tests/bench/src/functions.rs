//! Every function but the authorizer, with its sample event, against a function that does nothing.

use serde_json::Value;

use crate::{
    arguments::Size,
    binaries::{AUTHORIZER, NOTHING},
    copies,
    event::{self, Named},
    failure::Failure,
    figures::Times,
    instance::{Answer, Instance, Start},
    report::{Report, Section, both, number, progress},
    targets::Target,
    world::World,
};

/// The function that every first visit of the console starts.
const CONSOLE: &str = "serve-console";

/// The function whose sample event goes to the floor. It calls nothing either.
const SAMPLE_OF_NOTHING: &str = "describe-api";

/// Rotates a secret of a consumer, in the consumer's account: there is none here.
const CONSUMERS: &str = "rotate-secret";

/// Measures starts and warm events; each event is about a key of its own where keys are used up.
pub(crate) fn measure(world: &World, size: &Size, report: &mut Report) -> Result<(), Failure> {
    let mut section = Section::new(
        "Every other function, with its sample event",
        &[
            "function",
            "start to first poll, ms",
            "p99",
            "× nothing",
            "start to first answer",
            "p99",
            "warm",
            "p99",
            "MiB",
            "answers",
        ],
    );
    let copies = copies::fill(world, size.pool)?;
    let mut copies = copies.iter().cycle();
    let functions =
        world.binaries.functions.iter().filter(|name| ![AUTHORIZER, CONSUMERS].contains(&name.as_str()));
    let mut starts = vec![world.floor(NOTHING)?];
    for function in functions {
        starts.push(world.of(function)?);
    }
    let mut floor = None;
    for start in &starts {
        progress(&format!("starting {}", start.function));
        let measured = Measured::of(world, start, size, &mut copies)?;
        let nothing = *floor.get_or_insert(measured.polls.median());
        if start.function == CONSOLE {
            let ratio = measured.polls.median() / nothing;
            report.target(Target::ratio(
                "the console's start to first poll, of a function that does nothing",
                ratio,
                1.3,
            ));
        }
        section.row(measured.cells(&start.function, nothing));
    }
    report.section(section);
    Ok(())
}

#[derive(Default)]
struct Measured {
    polls: Times,
    first: Times,
    warm: Times,
    memory: Option<f64>,
    statuses: Vec<String>,
}

impl Measured {
    fn of<'c>(
        world: &World,
        start: &Start,
        size: &Size,
        copies: &mut impl Iterator<Item = &'c Named>,
    ) -> Result<Self, Failure> {
        let mut measured = Self::default();
        for _ in 0..size.starts {
            let instance = Instance::start(start)?;
            let answer = measured.answer(world, &instance, copies.next())?;
            measured.polls.add(instance.first_poll);
            measured.first.add(instance.since_start(&answer));
        }
        let instance = Instance::start(start)?;
        measured.answer(world, &instance, copies.next())?;
        for _ in 0..size.events {
            let answer = measured.answer(world, &instance, copies.next())?;
            measured.warm.add(answer.took);
        }
        measured.memory = instance.high_water_mark();
        Ok(measured)
    }

    fn cells(&self, function: &str, nothing: f64) -> impl Iterator<Item = String> {
        let ratio = number(self.polls.median() / nothing);
        let (memory, statuses) = (number(self.memory.unwrap_or(f64::NAN)), self.statuses.join(", "));
        [format!("`{function}`")]
            .into_iter()
            .chain(both(&self.polls))
            .chain([ratio])
            .chain(both(&self.first))
            .chain(both(&self.warm))
            .chain([memory, statuses])
    }

    fn answer(
        &mut self,
        world: &World,
        instance: &Instance,
        named: Option<&Named>,
    ) -> Result<Answer, Failure> {
        let nobody = Named { user: String::new(), suffix: String::new() };
        let function = if instance.function() == NOTHING { SAMPLE_OF_NOTHING } else { instance.function() };
        let event = event::sample(world, function, named.unwrap_or(&nobody))?;
        let answer = instance.invoke(event.to_string().as_bytes(), world.deadline())?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let status = match (answer.is_right, &body["statusCode"]) {
            (false, _) => return Err(instance.failed(body.to_string())),
            (true, Value::Number(status)) if status.as_u64() >= Some(300) => {
                return Err(instance.failed(body.to_string()));
            }
            (true, Value::Null) => "done".to_owned(),
            (true, status) => status.to_string(),
        };
        if !self.statuses.contains(&status) {
            self.statuses.push(status);
        }
        Ok(answer)
    }
}

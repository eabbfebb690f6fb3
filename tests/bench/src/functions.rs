//! Every function but the authorizer, with its sample event.

use serde_json::Value;

use crate::{
    arguments::Size,
    binaries::AUTHORIZER,
    copies,
    event::{self, Named},
    failure::Failure,
    figures::Times,
    instance::{Answer, Instance},
    report::{Report, Section, both, number, progress},
    world::World,
};

/// Measures starts and warm events; each event is about a key of its own where keys are used up.
pub(crate) fn measure(world: &World, size: &Size, report: &mut Report) -> Result<(), Failure> {
    let mut section = Section::new(
        "Every other function, with its sample event",
        &[
            "function",
            "start to first poll, ms",
            "p99",
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
    for function in world.binaries.functions.iter().filter(|name| *name != AUTHORIZER) {
        progress(&format!("starting {function}"));
        let mut measured = Measured::default();
        let start = world.of(function)?;
        for _ in 0..size.starts {
            let instance = Instance::start(&start)?;
            let answer = measured.answer(world, &instance, copies.next())?;
            measured.polls.add(instance.first_poll);
            measured.first.add(instance.since_start(&answer));
        }
        let instance = Instance::start(&start)?;
        measured.answer(world, &instance, copies.next())?;
        for _ in 0..size.events {
            let answer = measured.answer(world, &instance, copies.next())?;
            measured.warm.add(answer.took);
        }
        let memory = number(instance.high_water_mark().unwrap_or(f64::NAN));
        let times = [&measured.polls, &measured.first, &measured.warm];
        let cells = [format!("`{function}`")].into_iter().chain(times.into_iter().flat_map(both));
        section.row(cells.chain([memory, measured.statuses.join(", ")]));
    }
    report.section(section);
    Ok(())
}

#[derive(Default)]
struct Measured {
    polls: Times,
    first: Times,
    warm: Times,
    statuses: Vec<String>,
}

impl Measured {
    fn answer(
        &mut self,
        world: &World,
        instance: &Instance,
        named: Option<&Named>,
    ) -> Result<Answer, Failure> {
        let nobody = Named { user: String::new(), suffix: String::new() };
        let event = event::sample(world, instance.function(), named.unwrap_or(&nobody))?;
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

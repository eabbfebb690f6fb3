//! The notice function: keys due against time, with more and more keys in the table.

use serde_json::{Value, json};

use crate::{
    arguments::Size,
    binaries::Binaries,
    copies::{self, UserTemplate},
    failure::Failure,
    instance::Instance,
    report::{Report, Section, milliseconds, number, progress},
    targets::Target,
    world::World,
};

pub(crate) const FUNCTION: &str = "notify-expiring-keys";

/// The first notice of a key with 31 days to live is due after one day; the others' are not by then.
const DAYS: i64 = 31;
const DUE_AFTER: i64 = 86_400 + 60;

/// Measures runs with keys due and with none in a table that grows, then what ten times as many due take.
pub(crate) fn measure(binaries: &Binaries, size: &Size, report: &mut Report) -> Result<(), Failure> {
    let world = World::start(binaries, 1)?;
    let users = Instance::start(&world.of("manage-users")?)?;
    let expiring = world.machine(&users, 1, DAYS)?;
    let expiring = UserTemplate::read(&world, expiring["user_id"].as_str().unwrap_or_default())?;
    world.stack.clock().shift(DUE_AFTER);
    let head = ["keys in the table", "keys due", "ms", "of it on a processor", "calls to AWS", "MiB so far"];
    let section = Section::new("`notify-expiring-keys`: one warm run", &head);
    let mut runs = Runs { world, expiring, keys: 0, made: 0, section };
    for table in &size.notice_tables {
        let instance = runs.grow(*table)?;
        for due in &size.due {
            runs.measure(&instance, *due)?;
        }
    }
    let instance = runs.grow(runs.keys)?;
    let before = runs.measure(&instance, size.some_due)?;
    let many = runs.measure(&instance, 10 * size.some_due)?;
    let after = runs.measure(&instance, size.some_due)?;
    let ratio = many / f64::midpoint(before, after);
    report.target(Target::ratio("notices with ten times as many keys due", ratio, 11.0));
    report.section(runs.section);
    Ok(())
}

struct Runs<'a> {
    world: World<'a>,
    /// A machine whose key is due.
    expiring: UserTemplate,
    keys: usize,
    /// How many copies of it were made.
    made: usize,
    section: Section,
}

impl Runs<'_> {
    /// Fills the table, and starts an instance that tells what is due already.
    fn grow(&mut self, keys: usize) -> Result<Instance, Failure> {
        copies::grow(&self.world, self.keys, keys)?;
        self.keys = keys;
        let instance = Instance::start(&self.world.of(FUNCTION)?)?;
        run(&self.world, &instance, None)?;
        Ok(instance)
    }

    /// Lets keys fall due and measures the run that tells them, in microseconds.
    fn measure(&mut self, instance: &Instance, due: usize) -> Result<f64, Failure> {
        let Self { world, expiring, keys, made, section } = self;
        progress(&format!("{due} keys due among {keys}"));
        expiring.copy(world, 'd', *made, *made + due)?;
        *made += due;
        world.stack.calls().clear();
        let before = instance.processor_time().unwrap_or_default();
        let took = run(world, instance, Some(due))?;
        let ran = instance.processor_time().map(|now| now.saturating_sub(before));
        section.row([
            keys.to_string(),
            due.to_string(),
            milliseconds(took),
            ran.map_or_else(|| "–".to_owned(), |ran| milliseconds(ran.as_secs_f64() * 1e6)),
            world.stack.calls().by_function(FUNCTION).len().to_string(),
            number(instance.high_water_mark().unwrap_or(f64::NAN)),
        ]);
        Ok(took)
    }
}

/// Runs the function once, which must find so many keys due and mail a notice of each; returns the microseconds that it took.
fn run(world: &World, instance: &Instance, due: Option<usize>) -> Result<f64, Failure> {
    let event = json!({"time": world.stack.clock().now_text()});
    let deadline = world.deadline() - world.stack.clock().offset_seconds() * 1_000;
    let answer = instance.invoke(event.to_string().as_bytes(), deadline)?;
    let summary: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let told = due.is_none_or(|due| summary["due"] == due && summary["sent"] == due);
    if answer.is_right && told {
        Ok(answer.took.as_secs_f64() * 1e6)
    } else {
        Err(instance.failed(String::from_utf8_lossy(&answer.body)))
    }
}

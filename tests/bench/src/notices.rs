//! The notice function: keys due against time, with more and more keys in the table.

use serde_json::{Value, json};

use crate::{
    arguments::Size,
    binaries::Binaries,
    copies::{self, Original},
    failure::Failure,
    instance::Instance,
    report::{Report, Section, milliseconds, number, progress},
    world::World,
};

const FUNCTION: &str = "notify-expiring-keys";

/// The first notice of a key with 31 days to live is due after one day; the others' are not by then.
const DAYS: i64 = 31;
const DUE_AFTER: i64 = 86_400 + 60;

/// Measures runs with keys due and with none, in a table that grows.
pub(crate) fn measure(binaries: &Binaries, size: &Size, report: &mut Report) -> Result<(), Failure> {
    let world = &World::start(binaries, 1)?;
    let users = Instance::start(&world.of("manage-users")?)?;
    let expiring = world.machine(&users, 1, DAYS)?;
    let expiring = Original::read(world, expiring["user_id"].as_str().unwrap_or_default())?;
    world.stack.clock().shift(DUE_AFTER);
    let mut section = Section::new(
        "`notify-expiring-keys`: one warm run",
        &["keys in the table", "keys due", "ms", "of it on a processor", "calls to AWS", "MiB"],
    );
    let (mut keys, mut made) = (0, 0);
    for table in &size.notice_tables {
        copies::grow(world, keys, *table)?;
        keys = *table;
        let instance = Instance::start(&world.of(FUNCTION)?)?;
        run(world, &instance, None)?;
        for due in &size.due {
            progress(&format!("{due} keys due among {keys}"));
            expiring.copy(world, 'd', made, made + due)?;
            made += due;
            world.stack.calls().clear();
            let before = instance.processor_time().unwrap_or_default();
            let took = run(world, &instance, Some(*due))?;
            let ran = instance.processor_time().map(|now| now.saturating_sub(before));
            section.row([
                keys.to_string(),
                due.to_string(),
                milliseconds(took),
                ran.map_or_else(|| "–".to_owned(), |ran| milliseconds(ran.as_secs_f64() * 1e6)),
                world.stack.calls().by_function(FUNCTION).len().to_string(),
                number(instance.high_water_mark().unwrap_or(f64::NAN)),
            ]);
        }
    }
    report.section(section);
    Ok(())
}

/// Runs the function once, which must find so many keys due and mail a notice of each; returns the microseconds that it took.
fn run(world: &World, instance: &Instance, due: Option<usize>) -> Result<f64, Failure> {
    let event = json!({"time": world.stack.clock().now_text()});
    let deadline = world.deadline() - world.stack.clock().offset_seconds() * 1_000;
    let answer = instance.invoke(event.to_string().as_bytes(), deadline)?;
    let summary: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let told = due.is_none_or(|due| summary["due"] == due && summary["sent"].as_u64() >= Some(due as u64));
    if answer.is_right && told {
        Ok(answer.took.as_secs_f64() * 1e6)
    } else {
        Err(instance.failed(String::from_utf8_lossy(&answer.body)))
    }
}

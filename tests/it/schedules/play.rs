use std::{collections::BTreeMap, ops::Range};

use kit::World;
use local::Quota;

use super::{
    course::Course,
    fault::Kind,
    original::{Original, clear},
    schedule::Schedule,
};

/// Failures that are shown.
const SHOWN: usize = 5;

/// Plays the schedules of some seeds, one after the other in one world.
///
/// `SCHEDULE_SEED=7` plays that one alone.
///
/// # Panics
/// When something does not hold: with the seed, the step and the schedule.
#[expect(clippy::print_stdout, reason = "what was played says what a pass is worth")]
pub(super) fn play_all(seeds: Range<u64>) {
    let seeds = match chosen() {
        Some(seed) if seeds.contains(&seed) => seed..seed + 1,
        Some(_) => return,
        None => seeds,
    };
    kit::run(async |world| {
        world.stack.set_quota(Quota {
            max_24_hour_send: -1.0,
            max_send_rate: 10_000.0,
            sent_last_24_hours: 0.0,
        });
        let original = Original::make(world).await;
        let (mut totals, mut failures) = (Totals::default(), Vec::new());
        for seed in seeds.clone() {
            let schedule = Schedule::draw(seed);
            if let Err((step, wrong)) = play(world, &original, seed, &schedule, &mut totals).await {
                let step = step.map_or("at the end".to_owned(), |step| format!("at step {step}"));
                failures.push(format!(
                    "seed {seed}, {step}: {wrong}\nSCHEDULE_SEED={seed} plays it again:\n{schedule}"
                ));
            }
            clear(world).await;
        }
        println!("{totals:?}");
        let shown = failures[..failures.len().min(SHOWN)].join("\n");
        assert!(failures.is_empty(), "{} of {seeds:?} failed\n{shown}", failures.len());
        totals.check();
    });
}

#[expect(clippy::disallowed_methods, reason = "a person who looks into a failure chooses what is played")]
fn chosen() -> Option<u64> {
    std::env::var("SCHEDULE_SEED").ok()?.parse().ok()
}

/// What was played: a schedule in which nothing happens shows nothing.
#[derive(Debug, Default)]
pub(super) struct Totals {
    schedules: usize,
    pub(super) runs: usize,
    pub(super) changes: usize,
    mails: usize,
    messages: usize,
    unmarked: usize,
    pub(super) struck: BTreeMap<Kind, u64>,
}

impl Totals {
    fn check(&self) {
        if self.schedules > 100 {
            assert!(self.struck.len() >= 11, "{:?}", self.struck);
            assert!(self.mails > 4 * self.schedules && self.unmarked > self.schedules / 10, "{self:?}");
        }
    }
}

type Wrong = (Option<usize>, String);

async fn play(
    world: &World,
    original: &Original,
    seed: u64,
    schedule: &Schedule,
    totals: &mut Totals,
) -> Result<(), Wrong> {
    let copied = original.copy(world, seed, schedule.policy, &schedule.keys);
    let mut course = Course::new(seed, world, schedule, copied, totals);
    for (position, step) in schedule.steps.iter().enumerate() {
        course.step(step).await.map_err(|wrong| (Some(position), wrong))?;
    }
    course.settle().await.map_err(|wrong| (None, wrong))?;
    course.model.check(course.now).map_err(|wrong| (None, wrong))?;
    let (mails, messages, unmarked) = course.model.count();
    course.totals.schedules += 1;
    course.totals.mails += mails;
    course.totals.messages += messages;
    course.totals.unmarked += unmarked;
    Ok(())
}

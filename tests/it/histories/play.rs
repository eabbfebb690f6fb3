//! Plays the histories of some seeds, and reports the seeds that failed.

use std::collections::BTreeMap;

use kit::World;
use local::Quota;

use super::{
    fault::FaultKind,
    history::History,
    scenario::Scenario,
    template::{Template, clear},
};

/// Failures that are shown.
const SHOWN: usize = 5;

/// Plays the histories of some seeds, one after the other, on one stack.
///
/// # Panics
/// When the system differs from the model: with the seed, the step and the scenario.
#[expect(clippy::print_stdout, reason = "the totals show how much a passed test has tried")]
pub(super) fn play_all(seeds: &[u64], shards: u32) {
    let mut options = kit::mail_domains();
    options.parameters.insert("DueShards".to_owned(), shards.to_string());
    kit::run_with(options, async |world| {
        world.stack.set_quota(Quota {
            max_24_hour_send: -1.0,
            max_send_rate: 10_000.0,
            sent_last_24_hours: 0.0,
        });
        let template = Template::make(world).await;
        let (mut totals, mut failures) = (Totals::default(), Vec::new());
        for &seed in seeds {
            let scenario = Scenario::draw(seed);
            if let Err((step, wrong)) = play((world, shards), &template, seed, &scenario, &mut totals).await {
                let step = step.map_or("at the end".to_owned(), |step| format!("at step {step}"));
                failures.push(format!(
                    "seed {seed}, {step}: {wrong}\nHISTORY_SEED={seed} plays it again:\n{scenario}"
                ));
            }
            clear(world).await;
        }
        println!("{totals:?}");
        let shown = failures[..failures.len().min(SHOWN)].join("\n");
        assert!(failures.is_empty(), "{} of {} failed\n{shown}", failures.len(), seeds.len());
        totals.check();
    });
}

/// Counts what happened in all histories: a history without mails and faults tests nothing.
#[derive(Debug, Default)]
pub(super) struct Totals {
    histories: usize,
    pub(super) runs: usize,
    pub(super) changes: usize,
    mails: usize,
    messages: usize,
    unmarked: usize,
    /// How often each kind of fault hit a call.
    pub(super) faults: BTreeMap<FaultKind, u64>,
}

impl Totals {
    fn check(&self) {
        if self.histories > 100 {
            assert!(self.faults.len() >= 13, "{:?}", self.faults);
            assert!(self.mails > 4 * self.histories && self.unmarked > self.histories / 10, "{self:?}");
        }
    }
}

/// The step that went wrong, `None` at the end, and how.
type Failure = (Option<usize>, String);

async fn play(
    (world, shards): (&World, u32),
    template: &Template,
    seed: u64,
    scenario: &Scenario,
    totals: &mut Totals,
) -> Result<(), Failure> {
    let copy = template.copy((world, shards), seed, scenario.policy, &scenario.keys);
    let mut history = History::new(seed, (world, shards), scenario, copy, totals);
    for (position, step) in scenario.steps.iter().enumerate() {
        history.step(step).await.map_err(|wrong| (Some(position), wrong))?;
    }
    history.settle().await.map_err(|wrong| (None, wrong))?;
    history.model.check(history.now).map_err(|wrong| (None, wrong))?;
    let (mails, messages, unmarked) = history.model.count();
    history.totals.histories += 1;
    history.totals.mails += mails;
    history.totals.messages += messages;
    history.totals.unmarked += unmarked;
    Ok(())
}

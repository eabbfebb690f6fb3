//! Random steps in the system and in a plain model, sometimes two at once, compared after each.
//!
//! `MODEL_STEPS` says how many steps are taken, `MODEL_SEED=1000` takes those of one run. `.ci/run` takes 2,000.

mod apply;
mod at_once;
mod client;
mod compare;
mod expected;
mod model;
mod notices;
mod request;
mod run;
mod steps;

use kit::{Options, mail_domains, run_with};
use run::ModelRun;

/// The most steps of one organization.
const STEPS: usize = 250;

/// Takes one of four equal parts of all steps: part 1 has the seeds 1,000, 1,001 and so on.
fn take_part(part: u64) {
    if let Some(seed) = kit::share::seed("MODEL_SEED") {
        return take_steps(seed, STEPS);
    }
    let mut left = kit::share::model_steps().div_ceil(4);
    for number in 0.. {
        if left == 0 {
            return;
        }
        let steps = left.min(STEPS);
        // Odd seeds have a flexible policy. Every other part begins with one, so that a share has both policies.
        take_steps(1_000 * part + (number ^ (part % 2)), steps);
        left -= steps;
    }
}

fn take_steps(seed: u64, steps: usize) {
    // One instance of each function has verified every active secret before.
    run_with(Options { instance_cap: 1, ..mail_domains() }, async |world| {
        ModelRun::begin(world, seed % 2 == 1, seed).await.take_steps(steps).await;
    });
}

#[test]
fn keys_behave_as_the_model_in_the_first_quarter() {
    take_part(1);
}

#[test]
fn keys_behave_as_the_model_in_the_second_quarter() {
    take_part(2);
}

#[test]
fn keys_behave_as_the_model_in_the_third_quarter() {
    take_part(3);
}

#[test]
fn keys_behave_as_the_model_in_the_last_quarter() {
    take_part(4);
}

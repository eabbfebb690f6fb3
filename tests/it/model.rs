//! Random sequences of all that can be done, in the system and in a plain model of it.

mod apply;
mod ask;
mod chance;
mod compare;
mod notices;
mod plain;
mod request;
mod run;
mod steps;
mod verdict;

use kit::{Options, run_with};
use run::Life;

/// Steps of one organization, and organizations of one test: 10,000 steps in all tests together.
const STEPS: usize = 250;
const LIVES: u64 = 10;

fn lives(first: u64) {
    #[expect(clippy::disallowed_methods, reason = "whoever replays a sequence says which")]
    let given = std::env::var("MODEL_SEED").ok().map(|seed| seed.parse().expect("a seed is a number"));
    let seeds = given.map_or(first..first + LIVES, |seed: u64| seed..seed + 1);
    for seed in seeds {
        // One instance of each function has seen every secret that works.
        run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
            Life::begin(world, seed % 2 == 1, seed).await.go_on(STEPS).await;
        });
    }
}

#[test]
fn keys_live_as_the_model_says() {
    lives(1_000);
}

#[test]
fn keys_live_on_as_the_model_says() {
    lives(2_000);
}

#[test]
fn more_keys_live_as_the_model_says() {
    lives(3_000);
}

#[test]
fn more_keys_live_on_as_the_model_says() {
    lives(4_000);
}

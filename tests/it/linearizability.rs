//! Whatever three clients do to one user and their keys at once can be told as if each request had happened at one moment
//! between its sending and its answer, in an order that the rules allow: the history is *linearizable* (Herlihy and Wing, 1990).
//!
//! - [`rules`]: the user and the keys as a plain state, and each request as one step of it.
//! - [`checker`]: searches the order.
//! - [`window`]: three clients with eight random requests each.
//! - [`schedule`]: chooses which of the waiting calls reaches the table next, and which one has a fault.
//!
//! `LINEARIZED_WINDOWS` says how many windows are played, `WINDOW_SEED=7` which one is the first.

mod checker;
mod history;
mod rules;
mod schedule;
mod window;

use std::ops::Range;

use kit::{Options, Writes, run_with};

/// Windows of one organization: its table stays small.
const WINDOWS_OF_A_STACK: u64 = 50;

/// Plays windows with these seeds. Returns the first history that no order explains, as text.
fn play(seeds: Range<u64>, options: Options) -> Option<String> {
    let mut violation = None;
    run_with(options, async |world| {
        let organization = world.organization("alice", "strict").await;
        for seed in seeds {
            let history = window::play(world, &organization, seed).await;
            let answers = history.0.iter().filter(|one| one.answer.is_some()).count();
            assert!(answers >= 8, "WINDOW_SEED={seed}: hardly a request was answered");
            if !checker::is_linearizable(&history, &rules::State::default()) {
                violation = Some(format!("WINDOW_SEED={seed} has no order that the rules allow:\n{history}"));
                return;
            }
        }
    });
    violation
}

#[test]
fn concurrent_requests_happen_one_after_another() {
    let first = kit::share::seed("WINDOW_SEED").unwrap_or(1);
    let count = kit::share::linearized_windows();
    let end = first + count;
    for start in (first..end).step_by(usize::try_from(WINDOWS_OF_A_STACK).unwrap()) {
        let seeds = start..end.min(start + WINDOWS_OF_A_STACK);
        if let Some(violation) = play(seeds, Options::default()) {
            panic!("{violation}");
        }
    }
}

/// Expects one of many windows that has no order, and prints it. The first seed is one that showed it soon.
#[expect(clippy::print_stderr, reason = "it says what was found")]
fn check_broken(first: u64, options: Options) {
    let violation = play(first..first + 100, options).expect("a window shows it");
    eprintln!("{violation}");
}

fn without(condition: &str) -> Options {
    Options { writes: Writes::Mutated(vec![condition.to_owned()]), ..Options::default() }
}

#[test]
fn a_creation_without_the_version_of_its_user_has_no_order() {
    check_broken(4, without("create-access-key Update USER/USER of access_key.created: version = :seen"));
}

#[test]
fn a_rotation_without_the_version_of_its_key_has_no_order() {
    check_broken(24, without("rotate-access-key Update USER/KEY of access_key.rotated: version = :seen"));
}

#[test]
fn decisions_that_are_reused_for_a_minute_have_no_order() {
    let parameters = [("DecisionMaxAgeSeconds".to_owned(), "60".to_owned())].into();
    check_broken(6, Options { parameters, ..Options::default() });
}

//! Seeded histories of a few keys with faults in the notice function, suspensions, changes of addresses, gained stages,
//! and runs that are late, doubled or older than the one before. Each is compared with a model of what is due.
//!
//! `HISTORIES` says how many are played, `HISTORY_SEED=7` plays one. `.ci/run` plays 2,016.

mod change;
mod check;
mod fault;
mod fixtures;
mod history;
mod mails;
mod model;
mod play;
mod scenario;
mod suspend;
mod template;

use play::play_all;

/// Plays one of four equal parts of all histories: every fourth seed.
fn play_part(part: u64) {
    let count = kit::share::histories().div_ceil(4);
    let seeds: Vec<_> = match kit::share::seed("HISTORY_SEED") {
        Some(seed) if seed % 4 == part => vec![seed],
        Some(_) => return,
        None => (0..count).map(|number| 4 * number + part).collect(),
    };
    // Two quarters have one shard of the `due` index, the others four: the third with one schedule, the last with two.
    play_all(&seeds, if part < 2 { 1 } else { 4 });
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_first_quarter() {
    play_part(0);
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_second_quarter() {
    play_part(1);
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_third_quarter() {
    play_part(2);
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_last_quarter() {
    play_part(3);
}

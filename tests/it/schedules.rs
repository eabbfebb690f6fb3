//! Thousands of seeded histories of a few keys, each checked against a plain model of what is to be told.

mod cast;
mod letter;
mod model;
mod play;
mod schedule;

use play::play_all;

/// Schedules that each of the tests plays: together they play more than 2,000.
const EACH: u64 = 504;

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_first_quarter() {
    play_all(0..EACH);
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_second_quarter() {
    play_all(EACH..2 * EACH);
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_third_quarter() {
    play_all(2 * EACH..3 * EACH);
}

#[test]
fn no_due_notice_is_lost_or_doubled_without_a_crash_in_the_last_quarter() {
    play_all(3 * EACH..4 * EACH);
}

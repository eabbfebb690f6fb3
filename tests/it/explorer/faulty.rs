//! Pairs of requests in orders where one call loses its reply, is throttled or conflicts.

use kit::{Random, World, run};

use super::{
    compare::{Meeting, Violation},
    order::FAULTS,
    pairs::{ANNOUNCING, CHANGING, CREATING, ENDING, LINKING, MARKING, Pairs, play_each},
    search::{AtRandom, PlannedFault, Search, given},
};

/// No request makes more calls of its own: those of a run of the notice function.
const MOST_CALLS: usize = 40;

/// Plays every order with every fault.
async fn play_all(meeting: &mut Meeting<'_>) -> Result<usize, Violation> {
    let mut orders = 0;
    for request in 0..2 {
        for fault in FAULTS {
            for call in 0..MOST_CALLS {
                let planned = PlannedFault { request, call, fault };
                orders += meeting.search(Search::with(planned), usize::MAX).await?;
                if meeting.last_order().0.iter().filter(|choice| choice.request == request).count() <= call {
                    break;
                }
            }
        }
    }
    Ok(orders)
}

/// Plays some orders, each with a fault, by a seed.
async fn play_some(meeting: &mut Meeting<'_>, random: &mut Random, count: usize) -> Result<usize, Violation> {
    for _ in 0..count {
        let (request, call, fault) = (random.below(2), random.below(8), random.pick(&FAULTS));
        let fault = Some(PlannedFault { request, call, fault });
        meeting.check(&mut AtRandom { random, fault }).await?;
    }
    Ok(count)
}

async fn play_pairs(world: &World, pairs: Pairs) -> Result<(), Violation> {
    let mut random = Random::new(kit::share::seed("INTERLEAVING_SEED").unwrap_or(1));
    let count = kit::share::faulty_interleavings();
    let play = async |meeting: &mut Meeting<'_>| {
        meeting.let_requests_fail().await;
        match (given(), count) {
            (Some(_), _) => meeting.search(Search::default(), 1).await,
            (None, usize::MAX) => play_all(meeting).await,
            (None, count) => play_some(meeting, &mut random, count).await,
        }
    };
    play_each(world, pairs, play).await
}

fn check(pairs: Pairs) {
    run(async |world| {
        if let Err(Violation(text)) = play_pairs(world, pairs).await {
            panic!("{text}");
        }
    });
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_key_is_created() {
    check(CREATING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_key_is_changed() {
    check(CHANGING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_key_ends() {
    check(ENDING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_of_a_first_sign_in() {
    check(LINKING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_of_a_notice() {
    check(ANNOUNCING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_mail_is_taken_over() {
    check(MARKING);
}

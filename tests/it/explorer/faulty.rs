//! Sets of requests in orders where one call loses its reply, is throttled or conflicts.

use kit::Random;

use super::{
    compare::{ConcurrentRequests, Violation},
    order::{CallFault, FAULTS},
    pairs::{ANNOUNCING, CHANGING, CREATING, ENDING, LINKING, MARKING, MARKING_LATE, Sets, check},
    search::{AtRandom, PlannedFault, Search, given},
};

/// No request makes more calls of its own: those of a run of the notice function.
const MAX_CALLS: usize = 40;

/// Draws of a fault for one order. A throttled call is among them, and each request makes a call.
const MAX_DRAWS: usize = 50;

/// Orders of one fault that are played one after the other. Two runs of the notice function have hundreds; of these, as many
/// again are drawn.
const MAX_ORDERS: usize = 60;

/// Plays every order with every fault, or some of them where there are many.
async fn play_all(requests: &mut ConcurrentRequests<'_>, random: &mut Random) -> Result<usize, Violation> {
    let mut orders = 0;
    for request in 0..requests.count() {
        for fault in FAULTS {
            let mut call = 0;
            loop {
                assert!(call < MAX_CALLS, "request {request} makes more than {MAX_CALLS} calls");
                let planned = PlannedFault { request, call, fault };
                let mut search = Search::with(planned);
                let mut played = requests.search(&mut search, MAX_ORDERS).await?;
                let mut has_struck = search.has_struck();
                if !search.is_over() {
                    for _ in 0..MAX_ORDERS {
                        let order = requests.check(&mut AtRandom { random, fault: Some(planned) }).await?;
                        has_struck |= order.has_fault();
                        played += usize::from(order.has_fault());
                    }
                }
                if !has_struck {
                    break;
                }
                orders += played;
                call += 1;
            }
        }
    }
    Ok(orders)
}

/// Plays some orders, each with a fault, by a seed.
async fn play_some(
    requests: &mut ConcurrentRequests<'_>,
    random: &mut Random,
    count: usize,
) -> Result<usize, Violation> {
    for _ in 0..count {
        let strikable = |request, fault| requests.count_calls(request, fault);
        let all = (0..requests.count())
            .flat_map(|request| FAULTS.map(|fault| (request, fault, strikable(request, fault))));
        let some: Vec<_> = all.filter(|(.., calls)| *calls > 0).collect();
        let mut misses = 0;
        loop {
            let drawn = random.pick(&some);
            if play_struck(requests, random, drawn).await? {
                break;
            }
            misses += 1;
            assert!(misses < MAX_DRAWS, "no fault strikes any of {some:?}");
        }
    }
    Ok(count)
}

/// Plays a random order with a fault of one of the first `calls` calls of a request that it can strike, and tells whether it
/// struck one. In this order the request may make fewer of them than if it runs first; then another order has the fault
/// earlier. It may make none, if another request prevents that.
async fn play_struck(
    requests: &mut ConcurrentRequests<'_>,
    random: &mut Random,
    (request, fault, calls): (usize, CallFault, usize),
) -> Result<bool, Violation> {
    let mut below = calls;
    while below > 0 {
        let call = random.below(below);
        let fault = Some(PlannedFault { request, call, fault });
        let order = requests.check(&mut AtRandom { random, fault }).await?;
        if order.has_fault() {
            return Ok(true);
        }
        below = call;
    }
    Ok(false)
}

/// Plays sets whose requests may fail.
fn check_faulty<const N: usize>(sets: Sets<N>) {
    let mut random = Random::new(kit::share::seed("INTERLEAVING_SEED").unwrap_or(1));
    check(sets, async |requests: &mut ConcurrentRequests<'_>| {
        requests.let_requests_fail().await;
        match (given(), kit::share::faulty_interleavings()) {
            (Some(_), _) => requests.search(&mut Search::default(), 1).await,
            (None, usize::MAX) => play_all(requests, &mut random).await,
            (None, count) => play_some(requests, &mut random, count).await,
        }
    });
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_key_is_created() {
    check_faulty(CREATING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_key_is_changed() {
    check_faulty(CHANGING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_key_ends() {
    check_faulty(ENDING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_of_a_first_sign_in() {
    check_faulty(LINKING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_of_a_notice() {
    check_faulty(ANNOUNCING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_mail_is_taken_over() {
    check_faulty(MARKING);
}

#[test]
fn a_fault_of_one_call_breaks_no_order_in_which_a_mail_is_marked_late() {
    check_faulty(MARKING_LATE);
}

//! Each pair of requests that may meet, in every order of their calls.

use std::time::Instant;

use kit::run;

use super::{
    action::Action::{self, *},
    compare::{ConcurrentRequests, Violation},
    fixture::Setup,
    search::Search,
};

/// Sets of requests that meet at one setup.
pub(super) type Sets<const N: usize> = (Setup, &'static [[Action; N]]);

/// Pairs that meet at one setup.
type Pairs = Sets<2>;

pub(super) const CREATING: Pairs = (
    Setup::Keys,
    &[
        [Create, Create],
        [Create, ExtendExpired],
        [Create, Revoke],
        [Create, DeleteKey],
        [Create, Suspend],
        [Create, DeleteUser],
        [Create, Kind],
        [Create, Policy],
    ],
);

pub(super) const CHANGING: Pairs = (
    Setup::Keys,
    &[
        [Rotate, Rotate],
        [Rotate, RotateItself],
        [RotateOnce, RotateOnce],
        [Rotate, Suspend],
        [Rotate, DeleteUser],
        [SwitchOff, SwitchOn],
        [SwitchOff, SwitchOff],
        [Extend, ExtendExpired],
        [ExtendExpired, Suspend],
        [ExtendExpired, Kind],
    ],
);

pub(super) const ENDING: Pairs = (
    Setup::Keys,
    &[
        [Rotate, Revoke],
        [RotateItself, Revoke],
        [Revoke, Extend],
        [Revoke, SwitchOff],
        [Revoke, Revoke],
        [Revoke, DeleteKey],
        [DeleteKey, Rotate],
        [DeleteKey, RotateItself],
        [DeleteKey, Extend],
        [DeleteKey, SwitchOff],
        [DeleteKey, DeleteKey],
    ],
);

pub(super) const LINKING: Pairs = (
    Setup::Keys,
    &[[Link, Address], [Link, DeleteInvited], [Link, SuspendInvited], [Link, LinkOther], [Link, Link]],
);

pub(super) const ANNOUNCING: Pairs = (Setup::DueKey, &[[Notify, Extend], [Notify, Revoke], [Notify, Notify]]);

pub(super) const MARKING: Pairs = (Setup::UnmarkedMail, &[[Notify, LeaseEnds], [Notify, Notify]]);

/// Only after its lease a mail is taken over, so that the run that took it before marks it too late.
pub(super) const MARKING_LATE: Sets<3> = (Setup::UnmarkedMail, &[[Notify, LeaseEnds, Notify]]);

/// Plays orders of each set, and says how many there were.
#[expect(clippy::print_stderr, reason = "it says what was played")]
pub(super) fn check<const N: usize>(
    (setup, sets): Sets<N>,
    mut play: impl AsyncFnMut(&mut ConcurrentRequests<'_>) -> Result<usize, Violation>,
) {
    run(async |world| {
        let fixture = setup.build(world).await;
        for set in sets {
            let began = Instant::now();
            let mut requests = ConcurrentRequests::new(world, &fixture, set).await;
            match play(&mut requests).await {
                Ok(orders) => {
                    eprintln!("{set:?}: {orders} orders, {} runs, {:.1?}", requests.played, began.elapsed());
                }
                Err(Violation(text)) => panic!("{text}"),
            }
        }
    });
}

/// Plays all orders of each set, or as many as are wanted.
fn check_orders<const N: usize>(sets: Sets<N>) {
    check(sets, async |requests: &mut ConcurrentRequests<'_>| {
        requests.search(&mut Search::default(), kit::share::interleavings()).await
    });
}

#[test]
fn a_key_that_is_created_meets_what_changes_its_quota_in_every_order() {
    check_orders(CREATING);
}

#[test]
fn changes_of_a_key_meet_each_other_in_every_order() {
    check_orders(CHANGING);
}

#[test]
fn the_end_of_a_key_meets_its_changes_in_every_order() {
    check_orders(ENDING);
}

#[test]
fn a_first_sign_in_meets_changes_of_its_user_in_every_order() {
    check_orders(LINKING);
}

#[test]
fn a_notice_meets_changes_of_its_key_and_another_run_in_every_order() {
    check_orders(ANNOUNCING);
}

#[test]
fn a_mail_that_was_not_marked_is_taken_over_in_every_order() {
    check_orders(MARKING);
}

#[test]
fn a_mail_that_another_run_took_over_is_marked_in_every_order() {
    check_orders(MARKING_LATE);
}

//! Each pair of requests that may meet, in every order of their calls.

use std::time::Instant;

use kit::{World, run};

use super::{
    action::Action::{self, *},
    compare::{Meeting, Violation},
    search::Search,
    stage::Stage,
};

/// Pairs that meet at one stage.
pub(super) type Pairs = (Stage, &'static [[Action; 2]]);

pub(super) const CREATING: Pairs = (
    Stage::Keys,
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
    Stage::Keys,
    &[
        [Rotate, Rotate],
        [Rotate, RotateItself],
        [RotateOnce, RotateOnce],
        [SwitchOff, SwitchOn],
        [SwitchOff, SwitchOff],
        [Extend, ExtendExpired],
        [ExtendExpired, Suspend],
        [ExtendExpired, Kind],
    ],
);

pub(super) const ENDING: Pairs = (
    Stage::Keys,
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
    Stage::Keys,
    &[[Link, Address], [Link, DeleteInvited], [Link, SuspendInvited], [Link, LinkOther], [Link, Link]],
);

pub(super) const ANNOUNCING: Pairs = (Stage::DueKey, &[[Notify, Extend], [Notify, Revoke], [Notify, Notify]]);

pub(super) const MARKING: Pairs = (Stage::UnmarkedMail, &[[Notify, LeaseEnds], [Notify, Notify]]);

/// Plays orders of each pair, and says how many there were.
#[expect(clippy::print_stderr, reason = "it says what was played")]
pub(super) async fn play_each(
    world: &World,
    (stage, pairs): Pairs,
    mut play: impl AsyncFnMut(&mut Meeting<'_>) -> Result<usize, Violation>,
) -> Result<(), Violation> {
    let scene = stage.build(world).await;
    for pair in pairs {
        let began = Instant::now();
        let mut meeting = Meeting::new(world, &scene, pair).await;
        let orders = play(&mut meeting).await?;
        eprintln!("{pair:?}: {orders} orders, {} runs, {:.1?}", meeting.played, began.elapsed());
    }
    Ok(())
}

/// Plays all orders of pairs, or as many of each as are wanted.
pub(super) async fn play_pairs(world: &World, pairs: Pairs) -> Result<(), Violation> {
    let play = async |meeting: &mut Meeting<'_>| {
        meeting.search(Search::default(), kit::share::interleavings()).await
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
fn a_key_that_is_created_meets_what_changes_its_quota_in_every_order() {
    check(CREATING);
}

#[test]
fn changes_of_a_key_meet_each_other_in_every_order() {
    check(CHANGING);
}

#[test]
fn the_end_of_a_key_meets_its_changes_in_every_order() {
    check(ENDING);
}

#[test]
fn a_first_sign_in_meets_changes_of_its_user_in_every_order() {
    check(LINKING);
}

#[test]
fn a_notice_meets_changes_of_its_key_and_another_run_in_every_order() {
    check(ANNOUNCING);
}

#[test]
fn a_mail_that_was_not_marked_is_taken_over_in_every_order() {
    check(MARKING);
}

//! When a key becomes due by a re-arming.

use domain::{
    Time,
    notice::{due_stage, next_due},
    organization::Organization,
};
use table::{DueKey, Rearming, item_key::RearmingCause};

use super::super::decision::candidates_of;
use crate::{directory::Directory, recipients::active_user};

/// Returns the time at which a key becomes due, if that changes.
pub(super) fn due_at(
    directory: &Directory<'_>,
    rearming: &Rearming,
    organization: &Organization,
    found: &DueKey,
    now: Time,
) -> Option<Time> {
    let DueKey { key, due_at, .. } = found;
    let notices = &organization.policy.notices;
    key.expires_at.filter(|expires_at| rearming.concerns(*expires_at, now))?;
    let stage = due_stage(notices, key, now);
    match rearming.cause() {
        RearmingCause::Organization => stage.map(|_| at_once(*due_at, now)),
        RearmingCause::User(user_id) => {
            let user = active_user(found.user.as_ref())?;
            let mut candidates = candidates_of(directory, key, user, organization).into_iter();
            let is_concerned = candidates.any(|one| one.user_id == user_id);
            stage.filter(|_| is_concerned).map(|_| at_once(*due_at, now))
        }
        RearmingCause::Stages => {
            let is_gained = stage.is_some_and(|stage| rearming.gained.contains(&stage));
            due_after_gain(*due_at, is_gained, next_due(notices, key, now), now)
        }
    }
}

/// Returns a time that has come and that differs from the time at which a key is due: a run that has read the organization or
/// the user before the change moves the key from that time on, and must fail.
fn at_once(due_at: Option<Time>, now: Time) -> Time {
    if due_at == Some(now) { now.plus(-1) } else { now }
}

/// Returns the new due time of a key after stages were added, or `None` if it stays.
///
/// `is_gained` says whether the stage that is due now is an added one. `next` is the time of the stage after it.
fn due_after_gain(due_at: Option<Time>, is_gained: bool, next: Option<Time>, now: Time) -> Option<Time> {
    if is_gained || due_at.is_some_and(|due_at| due_at <= now) {
        return Some(at_once(due_at, now));
    }
    next.filter(|next| due_at.is_none_or(|due_at| *next < due_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_made_due_at_once_gets_another_due_time() {
        let [before, now, after] = [999, 1_000, 1_001].map(Time::from_seconds);
        for (due_at, expected) in [(None, now), (Some(before), now), (Some(now), before), (Some(after), now)]
        {
            assert_eq!(at_once(due_at, now), expected, "{due_at:?}");
        }
    }

    #[test]
    fn a_gained_stage_makes_a_key_due_earlier_and_never_later() {
        let [before, now, next, later] = [999, 1_000, 1_050, 1_100].map(Time::from_seconds);
        for (due_at, is_gained, next, expected) in [
            (Some(later), true, None, Some(now)),
            (Some(before), false, Some(next), Some(now)),
            (Some(now), false, Some(next), Some(before)),
            (Some(later), false, Some(next), Some(next)),
            (Some(next), false, Some(next), None),
            (Some(next), false, Some(later), None),
            (None, false, Some(next), Some(next)),
            (None, false, None, None),
        ] {
            assert_eq!(
                due_after_gain(due_at, is_gained, next, now),
                expected,
                "{due_at:?} {is_gained} {next:?}"
            );
        }
    }
}

//! The steps of a run that re-arms, as `collect::rearm` makes them.

use super::{
    condition::Condition,
    item::Place,
    state::{Progress, State},
    transactions::{hold_rearming, rearm, release},
};

/// Reads the re-arming and the user.
pub fn read(state: &mut State, number: usize) {
    let (rearming, user) = (state.table.rearming(), state.table.user());
    let run = &mut state.runs[number];
    run.rearming = rearming.filter(|rearming| rearming.due_at.is_some());
    run.user = Some(user);
    run.progress = match run.rearming {
        None => Progress::Finding,
        Some(_) if user.is_suspended => Progress::HoldingRearming,
        Some(_) => Progress::Releasing,
    };
}

/// Holds the re-arming.
pub fn hold(state: &mut State, number: usize, off: &[Condition]) {
    if let Ok(after) = hold_rearming(&state.table, off, &state.runs[number]) {
        state.table = after;
    }
    state.runs[number].progress = Progress::Finding;
}

/// Releases what is held.
pub fn release_held(state: &mut State, number: usize) {
    state.table = release(&state.table, state.runs[number].now);
    state.runs[number].progress = Progress::ReadingKeyToRearm;
}

/// Reads the key.
pub fn read_key(state: &mut State, number: usize) {
    // A key of a suspended user is not concerned.
    let key = state.table.key().filter(|_| !state.table.user().is_suspended);
    let run = &mut state.runs[number];
    (run.key, run.progress) = (key, Progress::Rearming);
}

/// Re-arms the key.
pub fn write(state: &mut State, number: usize, off: &[Condition]) {
    let run = &mut state.runs[number];
    let written = rearm(&state.table, off, run);
    match written {
        Err(refused) if !refused.contains(&0) => run.progress = Progress::ReadingKeyToRearm,
        done => {
            (run.progress, run.key, run.rearming) = (Progress::Finding, None, None);
            if let Ok(after) = done {
                state.table = after;
            }
        }
    }
}

/// Tells whether the index shows a re-arming at a time.
pub fn is_due(state: &State) -> bool {
    state.index.get(&Place::Rearming).is_some_and(|due_at| *due_at <= state.now)
}

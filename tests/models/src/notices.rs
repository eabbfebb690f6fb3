//! Notices: runs that find, claim, send and mark, while the key and its user change and the `due` index lags behind.
//!
//! One key, whose user reads the notices by mail; a stage a tick before expiry, and one at expiry. Not in the model:
//! inboxes and events (a claim and what it tells are one transaction), outbox, daily limit, several keys and readers
//! (the digests model has two of each), deletions by TTL (each is later than what the item guards), the lag of the index
//! of held items (a re-arming waits a minute), and stages that pass while the user of another reader's key is suspended.

mod action;
mod changes;
mod condition;
mod forget;
mod item;
mod promises;
mod rearming;
mod sending;
mod state;
mod steps;
mod transactions;

use std::collections::BTreeMap;

use action::Action;
use condition::{CONDITIONS, Condition};
use item::{AccessKey, Announcement, Claim, Item, Mail, Place, Rearming, User};
use state::{Change, Operation, Progress, Run, State};
use stateright::{Model, Property};

use crate::{
    bounds::{Bounds, sets},
    check::Switchable,
    table::Table,
};

/// The model.
#[derive(Debug, Clone)]
pub struct Notices {
    bounds: Bounds,
    off: Vec<Condition>,
}

impl Switchable for Notices {
    const NAME: &'static str = "notices";
    const CONDITIONS: &'static [(Condition, Option<&'static str>)] = CONDITIONS;
    type Condition = Condition;

    fn new(bounds: Bounds, off: Vec<Condition>) -> Self {
        Self { bounds, off }
    }

    fn describe(state: &State) -> String {
        let operations: Vec<_> = state.changes.iter().map(|change| change.operation).collect();
        let (key, user) = (state.table.key(), state.table.user());
        format!("changes {operations:?}, {key:?}, {user:?}, mail {:?}", state.table.mail(0))
    }

    fn broken(state: &State) -> Option<String> {
        state.broken.map(|broken| format!("{broken:?}"))
    }
}

impl Model for Notices {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let starts = [
            Start::Due,
            Start::Unfinished,
            Start::Suspended,
            Start::Waiting,
            Start::Held,
            Start::Lifted,
            Start::LiftedBefore,
        ];
        let of = |start: Start| {
            let changes = sets(start.operations(self.bounds), self.bounds.actors() - 1);
            changes.into_iter().map(move |operations| initial(start, &operations))
        };
        starts.into_iter().flat_map(of).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        steps::actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(steps::next(state, action, &self.off)).filter(|next| next != state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("every promise is kept", |_, state: &State| state.broken.is_none())]
    }
}

/// What there is at the start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// The first stage of the key is due.
    Due,
    /// An earlier run has claimed it and moved the key on, and its lease has ended.
    Unfinished,
    /// As due, and the user is suspended.
    Suspended,
    /// As unfinished, and the user is suspended.
    Waiting,
    /// As waiting, and the mail is held.
    Held,
    /// The suspension is lifted, in which the last stage of the key passed.
    Lifted,
    /// As suspended for the second time, and the key has moved on. The first run re-arms since the first suspension was
    /// lifted, and has left out the key because of the second one.
    LiftedBefore,
}

impl Start {
    const fn is_suspended(self) -> bool {
        !matches!(self, Self::Due | Self::Unfinished | Self::Lifted)
    }

    /// Lists the changes that may happen from there; with small bounds, those that give counterexamples.
    const fn operations(self, bounds: Bounds) -> &'static [Operation] {
        use Operation::{Delete, Extend, Lift, Revoke, Suspend};
        match (self, bounds) {
            (Self::Lifted, Bounds::Small) => &[Delete],
            (Self::Due | Self::Unfinished | Self::Lifted, _) => &[Suspend, Extend, Revoke, Delete],
            (_, Bounds::Small) => &[Lift],
            (_, Bounds::Large) => &[Lift, Extend, Revoke, Delete],
        }
    }
}

fn initial(start: Start, operations: &[Operation]) -> State {
    let is_claimed = matches!(start, Start::Unfinished | Start::Waiting | Start::Held);
    let is_lifted_before = start == Start::LiftedBefore;
    let is_suspended = start.is_suspended();
    let due_at = Some(if is_claimed || is_lifted_before { 2 } else { 1 });
    let (expires_at, due_at) = if start == Start::Lifted { (1, None) } else { (2, due_at) };
    let key = AccessKey { version: 1, expires_at, due_at, ..AccessKey::default() };
    let mut items = Table(BTreeMap::new());
    items.set(Place::Key, Some(Item::Key(key)));
    items.set(Place::User, Some(Item::User(User { version: 3, is_suspended })));
    if is_claimed {
        let is_held = start == Start::Held;
        let announcements = vec![Announcement { expires_at: 2, stage: 1 }];
        let due_at = (!is_held).then_some(1);
        let mail = Mail { lease: 9, lease_ends_at: 1, due_at, is_held, announcements, ..Mail::default() };
        items.set(Place::Mail(0), Some(Item::Mail(mail)));
        items.set(Place::Claim(2), Some(Item::Claim(Claim { stage: 1, told_by: 0 })));
    }
    let mut runs = vec![Run::default(); 2];
    let rearming = Rearming { caused_by: 2, due_at: Some(1) };
    if is_lifted_before || start == Start::Lifted {
        items.set(Place::Rearming, Some(Item::Rearming(rearming)));
    }
    if is_lifted_before {
        let (progress, user, rearming) = (Progress::Rearming, Some(User::default()), Some(rearming));
        runs[0] = Run { progress, now: 1, has_rearmed: true, user, rearming, ..Run::default() };
    }
    let shown = [Place::Key, Place::Mail(0), Place::Rearming];
    let index = shown.into_iter().filter_map(|place| Some((place, items.due_at(place)?))).collect();
    let changes = operations.iter().map(|operation| Change { operation: *operation, now: None });
    let mut state = State {
        table: items,
        index,
        now: 1,
        runs,
        changes: changes.collect(),
        faults: 1,
        told: BTreeMap::new(),
        excused: 0,
        broken: None,
    };
    state.forget();
    state
}

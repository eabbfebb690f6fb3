//! Digests: two runs at once tell two readers of two keys, while the keys are extended and revoked.
//!
//! Each reader gets one mail of a run, with a line for each key. A run claims all lines of a mail in one transaction, and
//! moves a key on once the claims of both readers are settled. A lease ends when its run is over. Left to the notices model:
//! several stages of an expiry, suspended readers, deleted keys, the lag of the `due` index, and the time until a mail is due again.

mod action;
mod changes;
mod condition;
mod item;
mod promises;
mod sending;
mod state;
mod steps;
mod transactions;

use std::collections::BTreeMap;

use action::{Action, Operation};
use condition::{CONDITIONS, Condition};
use item::{AccessKey, Item, Line, Mail, Place};
use state::{EARLIER, Run, State};
use stateright::{Model, Property};

use crate::{
    bounds::{Bounds, sets},
    check::Switchable,
    table::Table,
};

/// The keys, by their numbers.
const KEYS: [u8; 2] = [0, 1];
/// The readers of both keys: their user and an owner.
const READERS: [u8; 2] = [0, 1];

/// The model.
#[derive(Debug, Clone)]
pub struct Digests {
    bounds: Bounds,
    off: Vec<Condition>,
}

impl Switchable for Digests {
    const NAME: &'static str = "digests";
    const CONDITIONS: &'static [(Condition, Option<&'static str>)] = CONDITIONS;
    type Condition = Condition;

    fn new(bounds: Bounds, off: Vec<Condition>) -> Self {
        Self { bounds, off }
    }

    fn describe(state: &State) -> String {
        format!("changes {:?}, mail {:?}", state.changes, state.table.mail(0, EARLIER))
    }

    fn broken(state: &State) -> Option<String> {
        state.broken.map(|broken| format!("{broken:?}"))
    }
}

impl Model for Digests {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let extensions = KEYS.map(Operation::Extend);
        let revocations = KEYS.map(Operation::Revoke);
        let changes = sets(&[extensions, revocations].concat(), self.bounds.actors() - 1);
        // How many keys an earlier run has claimed for the first reader before it ended.
        let claimed: &[usize] = if self.bounds == Bounds::Small { &[0, 2] } else { &[0, 1, 2] };
        let starts =
            changes.iter().flat_map(|changes| claimed.iter().map(move |claimed| (changes, *claimed)));
        // Where both keys are alike, changes that differ in the numbers of the keys alone are one.
        let is_kept =
            |changes: &[Operation], claimed: usize| claimed == 1 || changes <= &mirrored(changes)[..];
        starts
            .filter(|(changes, claimed)| is_kept(changes, *claimed))
            .map(|(changes, claimed)| initial(&KEYS[..claimed], changes))
            .collect()
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

/// Returns the same changes of the other keys.
fn mirrored(changes: &[Operation]) -> Vec<Operation> {
    let [first, second] = KEYS;
    let other = |key: u8| if key == first { second } else { first };
    let mut mirrored: Vec<_> = changes
        .iter()
        .map(|change| match *change {
            Operation::Extend(key) => Operation::Extend(other(key)),
            Operation::Revoke(key) => Operation::Revoke(other(key)),
        })
        .collect();
    mirrored.sort_unstable();
    mirrored
}

fn initial(claimed: &[u8], changes: &[Operation]) -> State {
    let mut items = Table(BTreeMap::new());
    for key in KEYS {
        items.set(Place::Key(key), Some(Item::Key(AccessKey::DUE)));
    }
    let lines = claimed.iter().map(|key| Line { key: *key, expires_at: 0 });
    for line in lines.clone() {
        items.set(Place::Claim(0, line), Some(Item::Claim(EARLIER)));
    }
    if !claimed.is_empty() {
        let mail = Mail { lease: EARLIER, is_marked: false, lines: lines.collect() };
        items.set(Place::Mail(0, EARLIER), Some(Item::Mail(mail)));
    }
    State {
        table: items,
        runs: vec![Run::default(); 2],
        changes: changes.to_vec(),
        faults: 1,
        told: BTreeMap::new(),
        excused: 0,
        broken: None,
    }
}

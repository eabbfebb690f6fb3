//! Quota: requests that create, change, rotate and end keys of one user, while the clock, the policy and the user
//! change.
//!
//! Not in the model: conditions on items with random ids (audit events, notifications), and what a request reads only
//! to judge rights.

mod action;
mod condition;
mod item;
mod promises;
mod request;
mod state;
mod steps;
mod transactions;

use std::collections::BTreeMap;

use action::Action;
use condition::{CONDITIONS, Condition};
use item::{AccessKey, Item, Kind, Place, Status, User};
use request::{Operation, Request};
use state::State;
use stateright::{Model, Property};

use crate::{
    bounds::{Bounds, sets},
    check::Switchable,
    table::Table,
};

/// The model.
#[derive(Debug, Clone)]
pub struct Quota {
    bounds: Bounds,
    off: Vec<Condition>,
}

impl Switchable for Quota {
    const NAME: &'static str = "quota";
    const CONDITIONS: &'static [(Condition, Option<&'static str>)] = CONDITIONS;
    type Condition = Condition;

    fn new(bounds: Bounds, off: Vec<Condition>) -> Self {
        Self { bounds, off }
    }

    fn describe(state: &State) -> String {
        let operations: Vec<_> = state.requests.iter().map(|request| request.operation).collect();
        let keys: Vec<_> = state.table.keys().map(|(id, key)| (id, key.expires_at)).collect();
        format!("requests {operations:?}, keys with their expiries {keys:?}, quota {}", state.policy.0)
    }

    fn broken(state: &State) -> Option<String> {
        state.broken.map(|broken| format!("{broken:?}"))
    }
}

impl Model for Quota {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let starts: &[_] = match self.bounds {
            Bounds::Small => &[(1, 1), (2, 1), (2, 2)],
            Bounds::Large => &[(1, 1), (2, 2)],
        };
        let mut states = Vec::new();
        for operations in sets(&operations(), self.bounds.actors()) {
            for (quota, keys) in starts {
                states.push(initial(*quota, *keys, &operations));
            }
        }
        states
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        steps::actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(steps::judge(steps::next(state, action, &self.off))).filter(|next| next != state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("every promise is kept", |_, state: &State| state.broken.is_none())]
    }
}

fn operations() -> Vec<Operation> {
    vec![
        Operation::Create { once: false },
        Operation::Create { once: true },
        Operation::Update(1),
        Operation::Update(3),
        Operation::Rotate,
        Operation::Revoke,
        Operation::Delete,
        Operation::SetStatus(Status::Suspended),
        Operation::SetStatus(Status::Active),
        Operation::SetKind(Kind::Normal),
        Operation::DeleteUser,
    ]
}

/// Returns the state at the start: an owner with one key or two, of which key 0 expires at 2.
fn initial(quota: u8, keys: u8, operations: &[Operation]) -> State {
    let live_keys: BTreeMap<u8, u8> = (0..keys).map(|id| (id, 2 + id)).collect();
    let mut items = Table(BTreeMap::new());
    for (id, expires_at) in &live_keys {
        let key = AccessKey { version: 1, expires_at: *expires_at, revoked_at: None };
        items.set(Place::Key(*id), Some(Item::Key(key)));
    }
    let user = User { version: 1, status: Status::Active, kind: Kind::Owner, live_keys };
    items.set(Place::User, Some(Item::User(user)));
    let requests = operations.iter().copied().map(Request::new).collect();
    State { table: items, policy: (quota, true), now: 0, requests, faults: 1, broken: None }
}

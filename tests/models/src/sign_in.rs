//! Sign-in: people who sign in for the first time, while the users that they are invited as are changed, suspended
//! and deleted.
//!
//! User 0 is an owner whom requests change; user 1 is another owner who has signed in. Not in the model: conditions on
//! items with random ids, limits on the number of owners and of organizations of a person, and deleted organizations.

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
use item::{Address, Item, Owners, Place, Status, Subject, User};
use request::{Operation, Progress, Request};
use state::State;
use stateright::{Model, Property};

use crate::{
    bounds::{Bounds, sets},
    check::Switchable,
    table::Table,
};

/// The model.
#[derive(Debug, Clone)]
pub struct SignIn {
    bounds: Bounds,
    off: Vec<Condition>,
}

impl Switchable for SignIn {
    const NAME: &'static str = "sign-in";
    const CONDITIONS: &'static [(Condition, Option<&'static str>)] = CONDITIONS;
    type Condition = Condition;

    fn new(bounds: Bounds, off: Vec<Condition>) -> Self {
        Self { bounds, off }
    }

    fn describe(state: &State) -> String {
        let operations: Vec<_> = state.requests.iter().map(|request| request.operation).collect();
        format!("requests {operations:?}, {:?}", state.table.user(0))
    }

    fn broken(state: &State) -> Option<String> {
        state.broken.map(|broken| format!("{broken:?}"))
    }
}

impl Model for SignIn {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let starts = [Start::Invited, Start::Linked, Start::Unproven, Start::LinkedMeanwhile];
        let all = sets(&operations(), self.bounds.actors() + 1);
        all.iter().flat_map(|operations| starts.map(|start| initial(start, operations))).collect()
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

/// What user 0 is at the start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Invited to the first address.
    Invited,
    /// Linked to the first sign-in, by that address.
    Linked,
    /// As linked, and the address was changed and changed back.
    Unproven,
    /// As linked, and has the second address since; the first request had found no link before.
    LinkedMeanwhile,
}

fn operations() -> Vec<Operation> {
    vec![
        Operation::SignIn(Subject::First),
        Operation::SignIn(Subject::FirstElsewhere),
        Operation::SignIn(Subject::Second),
        Operation::Invite(Address::First),
        Operation::SetEmail(Address::First),
        Operation::SetEmail(Address::Second),
        Operation::SetStatus(Status::Suspended),
        Operation::SetStatus(Status::Active),
        Operation::Demote,
        Operation::Delete(0),
        Operation::Delete(1),
    ]
}

fn initial(start: Start, operations: &[Operation]) -> State {
    let is_linked = start != Start::Invited;
    let email = if start == Start::LinkedMeanwhile { Address::Second } else { Address::First };
    let proven = (start == Start::Linked).then_some(email);
    let subject = is_linked.then_some(Subject::First);
    let owner = User { version: 1, is_owner: true, email: Some(email), proven, subject, ..User::default() };
    let (email, subject) = (Some(Address::Third), Some(Subject::Third));
    let other = User { email, proven: email, subject, ..owner.clone() };
    let mut items = Table(BTreeMap::new());
    let mut owners = Owners::default();
    for (id, user) in [(0, owner), (1, other)] {
        let places = [user.email.map(Place::Claim), user.subject.map(Place::Link)];
        places.into_iter().flatten().for_each(|place| items.set(place, Some(Item::Pointer(id))));
        owners.active.insert(id);
        owners.entered.extend(user.subject.map(|_| id));
        items.set(Place::User(id), Some(Item::User(user)));
    }
    items.set(Place::Organization, Some(Item::Organization(owners)));
    let mut requests: Vec<_> = operations.iter().copied().map(Request::new).collect();
    if start == Start::LinkedMeanwhile && operations[0] == Operation::SignIn(Subject::First) {
        requests[0].progress = Progress::Unlinked;
    }
    State { table: items, requests, faults: 1, is_proven: start == Start::Linked, broken: None }
}

//! The steps of the sign-in model: reads and decisions as the functions make them.

use super::{
    action::{Action, Reply},
    condition::Condition,
    item::{Place, Status},
    promises::{Broken, judge_acceptance, judge_link},
    request::{Operation, Outcome, Progress, Request},
    state::State,
    transactions::{Refusal, changed, prove, send},
};

/// Lists what may happen next.
pub fn actions(state: &State, actions: &mut Vec<Action>) {
    for (number, request) in (0..).zip(&state.requests) {
        match request.progress {
            Progress::Starting => actions.push(Action::ReadLink(number)),
            Progress::Unlinked => actions.push(Action::ReadClaim(number)),
            Progress::ReadingUser { .. } => actions.push(Action::ReadUser(number)),
            Progress::Decided => {
                let replies = [Reply::Received, Reply::Lost];
                let possible = replies.into_iter().take(1 + usize::from(state.faults > 0));
                actions.extend(possible.map(|reply| transaction(number, request.operation, reply)));
            }
            Progress::Proving => actions.push(Action::Prove(number)),
            Progress::Unanswered => actions.push(Action::Resend(number)),
            Progress::Removing => actions.push(Action::Remove(number)),
            Progress::Done(_) => {}
        }
        // An instance that ends before its transaction changes nothing, as one that goes on later.
        let has_changed = matches!(request.progress, Progress::Unanswered | Progress::Removing);
        if state.faults > 0 && has_changed {
            actions.push(Action::Crash(number));
        }
    }
}

fn transaction(number: u8, operation: Operation, reply: Reply) -> Action {
    match operation {
        Operation::SignIn(_) => Action::Link(number, reply),
        Operation::Invite(_) => Action::Create(number, reply),
        Operation::SetEmail(_) | Operation::SetStatus(_) | Operation::Demote => Action::Change(number, reply),
        Operation::Delete(_) => Action::Mark(number, reply),
    }
}

/// Does what happens next.
pub fn next(state: &State, action: Action, off: &[Condition]) -> State {
    let mut next = state.clone();
    match action {
        Action::ReadLink(number) => read_link(&mut next, number),
        Action::ReadClaim(number) => read_claim(&mut next, number),
        Action::ReadUser(number) => read_user(&mut next, number),
        Action::Link(number, reply)
        | Action::Create(number, reply)
        | Action::Change(number, reply)
        | Action::Mark(number, reply) => commit(&mut next, number, reply, off),
        Action::Prove(number) => {
            let request = &next.requests[usize::from(number)];
            let (Operation::SignIn(subject), (id, _)) = (request.operation, request.read()) else {
                return next;
            };
            if let Some(after) = prove(&next.table, off, id, subject.address()) {
                let is_theirs = after.user(0).is_some_and(|user| user.email == Some(subject.address()));
                next.is_proven |= id == 0 && is_theirs;
                next.table = after;
            }
            accept(&mut next, number, Outcome::Unchanged);
        }
        Action::Resend(number) => {
            if off.contains(&Condition::SameToken) {
                commit(&mut next, number, Reply::Received, off);
            } else {
                succeed(&mut next, number);
            }
        }
        Action::Remove(number) => {
            let Operation::Delete(id) = next.request(number).operation else { return next };
            next.table.set(Place::User(id), None);
            next.request(number).end(Outcome::Success);
        }
        Action::Crash(number) => {
            next.faults -= 1;
            next.request(number).end(Outcome::Failed);
        }
    }
    next.broken = next.broken.or_else(|| Broken::of(&next));
    next
}

impl State {
    fn request(&mut self, number: u8) -> &mut Request {
        &mut self.requests[usize::from(number)]
    }

    /// Returns whether a request that ended user 0 was answered, and none lifts that.
    fn is_ended(&self) -> bool {
        let has = |operation| self.requests.iter().any(|request| request.operation == operation);
        let succeeded = |operation| {
            let success = Progress::Done(Outcome::Success);
            self.requests.iter().any(|request| request.operation == operation && request.progress == success)
        };
        succeeded(Operation::Delete(0))
            || succeeded(Operation::SetStatus(Status::Suspended))
                && !has(Operation::SetStatus(Status::Active))
    }
}

fn read_link(state: &mut State, number: u8) {
    let too_late = state.is_ended();
    let Operation::SignIn(subject) = state.request(number).operation else { return };
    let linked = state.table.pointer(Place::Link(subject));
    let request = state.request(number);
    request.too_late |= too_late;
    request.progress = match linked {
        Some(id) => Progress::ReadingUser { id, by_claim: false },
        None => Progress::Unlinked,
    };
}

fn read_claim(state: &mut State, number: u8) {
    let Operation::SignIn(subject) = state.request(number).operation else { return };
    match state.table.pointer(Place::Claim(subject.address())) {
        Some(id) => state.request(number).progress = Progress::ReadingUser { id, by_claim: true },
        None => state.request(number).end(Outcome::Refused),
    }
}

fn read_user(state: &mut State, number: u8) {
    let Progress::ReadingUser { id, by_claim } = state.request(number).progress else { return };
    let Some(user) = state.table.user(id).cloned() else {
        return state.request(number).end(Outcome::Refused);
    };
    let request = state.request(number);
    request.user = Some((id, user.clone()));
    match request.operation {
        Operation::SignIn(subject) => {
            let is_theirs = !by_claim || user.subject.is_none_or(|linked| linked == subject);
            if !is_theirs || user.status != Status::Active {
                return request.end(Outcome::Refused);
            }
            let address = subject.address();
            if user.subject.is_none() {
                if user.email == Some(address) {
                    request.progress = Progress::Decided;
                } else {
                    request.start_again();
                }
            } else if user.proven_address().is_none() && user.email == Some(address) {
                request.progress = Progress::Proving;
            } else {
                accept(state, number, Outcome::Unchanged);
            }
        }
        Operation::Delete(_) if user.status == Status::Deleted => request.progress = Progress::Removing,
        _ if user.status == Status::Deleted => request.end(Outcome::Refused),
        Operation::Delete(_) => request.progress = Progress::Decided,
        operation if changed(operation, &user, &[]) == user => request.end(Outcome::Unchanged),
        _ => request.progress = Progress::Decided,
    }
}

/// Lets a sign-in pass.
fn accept(state: &mut State, number: u8, outcome: Outcome) {
    let request = &state.requests[usize::from(number)];
    state.broken = state.broken.or_else(|| judge_acceptance(request));
    state.request(number).end(outcome);
}

fn commit(state: &mut State, number: u8, reply: Reply, off: &[Condition]) {
    let request = &state.requests[usize::from(number)];
    match send(&state.table, off, number, request) {
        Ok(after) => {
            let linked = judge_link(&state.table, request);
            state.broken = state.broken.or(linked);
            match request.operation {
                Operation::SignIn(_) if request.read().0 == 0 => state.is_proven = true,
                Operation::SetEmail(_) => state.is_proven = false,
                _ => {}
            }
            state.table = after;
            if reply == Reply::Lost {
                state.faults -= 1;
                state.request(number).progress = Progress::Unanswered;
            } else {
                succeed(state, number);
            }
        }
        Err(Refusal::Conflict) => state.request(number).start_again(),
        Err(Refusal::Refused) => state.request(number).end(Outcome::Refused),
    }
}

fn succeed(state: &mut State, number: u8) {
    match state.request(number).operation {
        Operation::SignIn(_) => accept(state, number, Outcome::Success),
        Operation::Delete(_) => state.request(number).progress = Progress::Removing,
        _ => state.request(number).end(Outcome::Success),
    }
}

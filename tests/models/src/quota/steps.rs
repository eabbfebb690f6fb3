//! The steps of the quota model: reads and decisions as the functions make them.

use super::{
    action::{Action, Reply},
    condition::Condition,
    item::{Place, Status},
    promises::{Broken, judge_live_key},
    request::{Operation, Outcome, Progress, Request},
    state::State,
    transactions::{RETENTION, send},
};

/// The last time of the clock.
const LAST_TIME: u8 = 3;

/// Lists what may happen next.
pub fn actions(state: &State, actions: &mut Vec<Action>) {
    for (number, request) in (0..).zip(&state.requests) {
        match request.progress {
            Progress::Reading => reads(number, request, actions),
            Progress::Decided => {
                let replies = [Reply::Received, Reply::Lost];
                let possible = replies.into_iter().take(1 + usize::from(state.faults > 0));
                actions.extend(possible.map(|reply| transaction(number, request.operation, reply)));
            }
            Progress::Unanswered => actions.push(Action::Resend(number)),
            Progress::Refused => actions.push(Action::ReadRecord(number)),
            Progress::RemovingKeys => actions.push(Action::RemoveKeys(number)),
            Progress::RemovingUser => actions.push(Action::RemoveUser(number)),
            Progress::Done(_) => {}
        }
        // An instance that ends before its transaction changes nothing, as one that goes on later.
        let has_changed = matches!(
            request.progress,
            Progress::Unanswered | Progress::RemovingKeys | Progress::RemovingUser
        );
        if state.faults > 0 && has_changed {
            actions.push(Action::Crash(number));
        }
    }
    // Time and policy matter to requests that check the quota. A rotation asks for the time too, but no promise
    // depends on what it finds.
    let checks_quota = |request: &Request| {
        !request.is_done() && matches!(request.operation, Operation::Create { .. } | Operation::Update(_))
    };
    if !state.requests.iter().any(checks_quota) {
        return;
    }
    // A request ends before its time-out: within the tick after the one in which it began.
    let in_time = |request: &Request| request.is_done() || request.now.is_none_or(|now| now == state.now);
    if state.now < LAST_TIME && state.requests.iter().all(in_time) {
        actions.push(Action::Tick);
    }
    if state.policy.1 {
        actions.push(Action::ChangePolicy);
    }
    if state.table.record().is_some_and(|at| at + 2 * RETENTION <= state.now) {
        actions.push(Action::DeleteByTtl(Place::Record));
    }
}

fn reads(number: u8, request: &Request, actions: &mut Vec<Action>) {
    match request.operation {
        Operation::Create { .. } if request.quota.is_some() => actions.push(Action::ReadUser(number)),
        // A batch reads a key and its user, and is no snapshot.
        Operation::Update(_) | Operation::Rotate => {
            actions.extend(request.user.is_none().then_some(Action::ReadUser(number)));
            actions.extend(request.key.is_none().then_some(Action::ReadKey(number)));
        }
        _ => actions.push(Action::Read(number)),
    }
}

fn transaction(number: u8, operation: Operation, reply: Reply) -> Action {
    match operation {
        Operation::Create { .. } => Action::Create(number, reply),
        Operation::Update(_) => Action::Update(number, reply),
        Operation::Rotate => Action::Rotate(number, reply),
        Operation::Revoke => Action::Revoke(number, reply),
        Operation::Delete => Action::Delete(number, reply),
        Operation::SetStatus(_) | Operation::SetKind(_) => Action::ChangeUser(number, reply),
        Operation::DeleteUser => Action::MarkUser(number, reply),
    }
}

/// Does what happens next.
pub fn next(state: &State, action: Action, off: &[Condition]) -> State {
    let mut next = state.clone();
    match action {
        Action::Read(number) => read(&mut next, number),
        Action::ReadUser(number) => {
            begin(&mut next, number);
            let user = next.table.user().filter(|user| user.status != Status::Deleted).cloned();
            match user {
                Some(user) => next.request(number).user = Some(user),
                None => next.request(number).refuse(),
            }
            decide(&mut next, number);
        }
        Action::ReadKey(number) => {
            begin(&mut next, number);
            match next.table.key(0).cloned() {
                Some(key) => next.request(number).key = Some(key),
                None => next.request(number).refuse(),
            }
            decide(&mut next, number);
        }
        Action::ReadRecord(number) => {
            let replayed = is_recorded(&next, number);
            next.request(number).end(if replayed { Outcome::Replayed } else { Outcome::Refused });
        }
        Action::Create(number, reply)
        | Action::Update(number, reply)
        | Action::Rotate(number, reply)
        | Action::Revoke(number, reply)
        | Action::Delete(number, reply)
        | Action::ChangeUser(number, reply)
        | Action::MarkUser(number, reply) => commit(&mut next, number, reply, off),
        Action::Resend(number) => {
            if off.contains(&Condition::SameToken) {
                commit(&mut next, number, Reply::Received, off);
            } else {
                succeed(&mut next, number);
            }
        }
        Action::RemoveKeys(number) => {
            next.table.0.retain(|place, _| !matches!(place, Place::Key(_)));
            next.request(number).progress = Progress::RemovingUser;
        }
        Action::RemoveUser(number) => {
            next.table.set(Place::User, None);
            next.request(number).end(Outcome::Success);
        }
        Action::Crash(number) => {
            next.faults -= 1;
            next.request(number).end(Outcome::Failed);
        }
        Action::Tick => next.now += 1,
        Action::ChangePolicy => {
            next.policy = (3 - next.policy.0, false);
            let quota = next.policy.0;
            for request in
                next.requests.iter_mut().filter(|request| request.now.is_some() && !request.is_done())
            {
                request.highest_quota = request.highest_quota.max(quota);
            }
        }
        Action::DeleteByTtl(place) => next.table.set(place, None),
    }
    next
}

impl State {
    fn request(&mut self, number: u8) -> &mut Request {
        &mut self.requests[usize::from(number)]
    }
}

impl Request {
    /// Refuses. A request with an `Idempotency-Key` looks once more whether it was done.
    fn refuse(&mut self) {
        if self.operation == (Operation::Create { once: true }) {
            self.progress = Progress::Refused;
        } else {
            self.end(Outcome::Refused);
        }
    }
}

/// Gives a request its time.
fn begin(state: &mut State, number: u8) {
    let (now, quota) = (state.now, state.policy.0);
    let request = state.request(number);
    if request.now.is_none() {
        request.now = Some(now);
        request.highest_quota = quota;
    }
}

fn is_recorded(state: &State, number: u8) -> bool {
    let now = state.requests[usize::from(number)].time();
    state.table.record().is_some_and(|at| now < at + RETENTION)
}

fn read(state: &mut State, number: u8) {
    begin(state, number);
    let (quota, user, key) = (state.policy.0, state.table.user().cloned(), state.table.key(0).cloned());
    let recorded = is_recorded(state, number);
    let request = state.request(number);
    if recorded && request.operation == (Operation::Create { once: true }) {
        return request.end(Outcome::Replayed);
    }
    let there =
        user.filter(|user| user.status != Status::Deleted || request.operation == Operation::DeleteUser);
    let Some(user) = there else { return request.refuse() };
    match request.operation {
        Operation::Create { .. } => {
            // What it reads of the user here refuses it at most; the next read decides.
            request.quota = Some(quota);
        }
        Operation::Revoke | Operation::Delete => match key {
            Some(key) if request.operation == Operation::Delete || key.revoked_at.is_none() => {
                request.key = Some(key);
                request.progress = Progress::Decided;
            }
            _ => request.refuse(),
        },
        Operation::SetStatus(status) if user.status == status => request.end(Outcome::Unchanged),
        Operation::SetKind(kind) if user.kind == kind => request.end(Outcome::Unchanged),
        Operation::DeleteUser if user.status == Status::Deleted => request.progress = Progress::RemovingKeys,
        Operation::SetStatus(_) | Operation::SetKind(_) | Operation::DeleteUser => {
            request.user = Some(user);
            request.progress = Progress::Decided;
        }
        Operation::Update(_) | Operation::Rotate => unreachable!("it reads key and user one after the other"),
    }
}

/// Checks the quota, as `domain::quota` does, or whether the key may be rotated, once everything is read.
fn decide(state: &mut State, number: u8) {
    let policy = state.policy.0;
    let request = state.request(number);
    let Some(user) = &request.user else { return };
    let live = user.live_keys.len() - user.expired(request.time()).len();
    let is_active = user.status == Status::Active;
    let may_go_on = match (request.operation, &request.key) {
        (Operation::Create { .. }, _) => {
            let quota = request.quota.expect("it has read the policy");
            is_active && live < usize::from(user.kind.quota(quota))
        }
        (Operation::Update(expires_at), Some(key)) => {
            if key.revoked_at.is_some() {
                return request.refuse();
            }
            if key.expires_at == expires_at {
                return request.end(Outcome::Unchanged);
            }
            let expired = user.expired(request.time());
            let others = user.live_keys.keys().filter(|id| **id != 0 && !expired.contains(id)).count();
            expires_at < key.expires_at || is_active && others < usize::from(user.kind.quota(policy))
        }
        (Operation::Rotate, Some(key)) => {
            is_active && key.revoked_at.is_none() && request.time() < key.expires_at
        }
        _ => return,
    };
    if may_go_on { request.progress = Progress::Decided } else { request.refuse() }
}

fn commit(state: &mut State, number: u8, reply: Reply, off: &[Condition]) {
    let request = &state.requests[usize::from(number)];
    match send(&state.table, off, number, request) {
        Ok(after) => {
            let broken = judge_live_key(&state.table, &after, state.now, request);
            state.broken = state.broken.or(broken);
            state.table = after;
            if reply == Reply::Lost {
                state.faults -= 1;
                state.request(number).progress = Progress::Unanswered;
            } else {
                succeed(state, number);
            }
        }
        // The first step that is refused says what it means. That of the record comes before all others.
        Err(refused) => {
            let once = request.operation == (Operation::Create { once: true });
            let of_new_key = 2 + usize::from(once);
            let creates = matches!(request.operation, Operation::Create { .. });
            let request = state.request(number);
            match refused[0] {
                0 if once => request.refuse(),
                step if creates && step == of_new_key => request.refuse(),
                _ => request.read_again(),
            }
        }
    }
}

fn succeed(state: &mut State, number: u8) {
    let request = state.request(number);
    if request.operation == Operation::DeleteUser {
        request.progress = Progress::RemovingKeys;
        (request.user, request.key) = (None, None);
    } else {
        request.end(Outcome::Success);
    }
}

/// Judges a state by all promises.
pub fn judge(mut state: State) -> State {
    state.broken = state.broken.or_else(|| Broken::of(&state.table, state.now, &state.requests));
    state
}

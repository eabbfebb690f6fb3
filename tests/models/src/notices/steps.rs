//! The steps of the notices model: reads and decisions as `notify-expiring-keys` makes them.

use super::{
    action::Action,
    changes,
    condition::Condition,
    item::{Announcement, Mail, Place},
    promises::{Broken, is_told_elsewhere, is_true},
    rearming, sending,
    state::{Advance, Progress, State},
    transactions::{LEASE, advance, hold_mail, mark, take_over},
};
use crate::ses::Ses;

/// The end of the clock: the last stage of an extended key.
const LAST: u8 = 3;

/// Lists what may happen next.
pub fn actions(state: &State, actions: &mut Vec<Action>) {
    for (number, run) in (0..).zip(&state.runs) {
        match run.progress {
            // The runs are alike: the first is the one that begins first.
            Progress::Finding if number > 0 && state.runs[usize::from(number) - 1].is_new() => {}
            Progress::Finding => actions.push(Action::Find(number)),
            Progress::ReadingRearming => actions.push(Action::ReadRearming(number)),
            Progress::HoldingRearming => actions.push(Action::HoldRearming(number)),
            Progress::Releasing => actions.push(Action::Release(number)),
            Progress::ReadingKeyToRearm => actions.push(Action::ReadKeyToRearm(number)),
            Progress::Rearming => actions.push(Action::Rearm(number)),
            Progress::ReadingKey => {
                actions.push(Action::ReadKey(number));
                // Without a mail it is as a run that ends.
                let missed = (state.faults > 0 && run.mail_due.is_some()).then_some(Action::MissKey(number));
                actions.extend(missed);
            }
            Progress::ReadingMail => actions.push(Action::ReadMail(number)),
            Progress::HoldingMail => actions.push(Action::HoldMail(number)),
            Progress::TakingOver => actions.push(Action::TakeOver(number)),
            Progress::ReadingLines => actions.push(Action::ReadLines(number)),
            Progress::ClaimingPassed => actions.push(Action::ClaimPassed(number)),
            Progress::Claiming => actions.push(Action::Claim(number)),
            Progress::Sending => {
                actions.push(Action::Send(number, Ses::Accepts));
                let faults = Ses::FAULTS.into_iter().filter(|_| state.faults > 0);
                actions.extend(faults.map(|outcome| Action::Send(number, outcome)));
            }
            Progress::Marking => actions.push(Action::Mark(number)),
            Progress::Advancing => actions.push(Action::Advance(number)),
            Progress::Done => {}
        }
        // Elsewhere a run that ends is as one that goes on later, or not at all.
        if state.faults > 0 && run.progress == Progress::Marking {
            actions.push(Action::Crash(number));
        }
    }
    for (position, change) in state.changes.iter().enumerate() {
        // Of equal changes one goes first.
        if position > 0 && state.changes[position - 1] == *change {
            continue;
        }
        let begins = change.operation.uses_time() && change.now.is_none();
        actions.push(if begins { Action::Begin(change.operation) } else { Action::Commit(*change) });
    }
    // A run keeps time for the mark of a mail that it sends.
    let is_marking = |number: usize| {
        state.runs[number].progress == Progress::Marking && state.runs[number].now + LEASE <= state.now + 1
    };
    if state.now < LAST && !(0..state.runs.len()).any(is_marking) {
        actions.push(Action::Tick);
    }
    if !state.runs.iter().any(|run| run.progress == Progress::Finding) {
        return;
    }
    let places = [Place::Key, Place::Rearming].into_iter().chain((0..3).map(Place::Mail));
    let behind = places.filter(|place| state.table.due_at(*place) != state.index.get(place).copied());
    actions.extend(behind.map(Action::CatchUp));
}

/// Does what happens next.
pub fn next(state: &State, action: Action, off: &[Condition]) -> State {
    let mut next = state.clone();
    match action {
        Action::Find(number) => find(&mut next, usize::from(number)),
        Action::ReadRearming(number) => rearming::read(&mut next, usize::from(number)),
        Action::HoldRearming(number) => rearming::hold(&mut next, usize::from(number), off),
        Action::Release(number) => rearming::release_held(&mut next, usize::from(number)),
        Action::ReadKeyToRearm(number) => rearming::read_key(&mut next, usize::from(number)),
        Action::Rearm(number) => rearming::write(&mut next, usize::from(number), off),
        Action::ReadKey(number) => read_key(&mut next, usize::from(number), off),
        Action::MissKey(number) => {
            next.faults -= 1;
            next.runs[usize::from(number)].progress = Progress::ReadingMail;
        }
        Action::ReadMail(number) => read_mail(&mut next, usize::from(number), off),
        Action::HoldMail(number) => {
            let (id, mail) = next.mail_of(usize::from(number));
            if let Ok(after) = hold_mail(&next.table, off, (id, &mail)) {
                next.table = after;
            }
            next.runs[usize::from(number)].mail = None;
            go_to_claim(&mut next, usize::from(number));
        }
        Action::TakeOver(number) => take(&mut next, usize::from(number), off),
        Action::ReadLines(number) => read_lines(&mut next, usize::from(number), off),
        Action::ClaimPassed(number) => sending::claim_passed(&mut next, usize::from(number), off),
        Action::Claim(number) => sending::claim(&mut next, usize::from(number), off),
        Action::Send(number, outcome) => sending::send(&mut next, usize::from(number), outcome),
        Action::Mark(number) => {
            let (id, mail) = next.mail_of(usize::from(number));
            if let Ok(after) = mark(&next.table, off, (id, &mail)) {
                next.table = after;
            }
            next.runs[usize::from(number)].progress = Progress::Advancing;
        }
        Action::Advance(number) => {
            let run = &mut next.runs[usize::from(number)];
            run.progress = Progress::Done;
            if let Some(after) = run.advance.and_then(|step| advance(&next.table, off, step).ok()) {
                next.table = after;
            }
        }
        Action::Crash(number) => {
            next.faults -= 1;
            next.excused += 1;
            next.runs[usize::from(number)].progress = Progress::Done;
        }
        Action::Begin(operation) => changes::begin(&mut next, operation),
        Action::Commit(change) => changes::commit(&mut next, change),
        Action::Tick => {
            next.now += 1;
            let now = next.now;
            let late = next.runs.iter_mut().filter(|run| !run.is_new() && run.now + LEASE <= now);
            late.for_each(|run| run.progress = Progress::Done);
        }
        Action::CatchUp(place) => {
            match next.table.due_at(place) {
                Some(due_at) => next.index.insert(place, due_at),
                None => next.index.remove(&place),
            };
        }
    }
    next.forget();
    next.broken = next.broken.or_else(|| Broken::of(&next));
    next
}

impl State {
    fn mail_of(&self, number: usize) -> (u8, Mail) {
        self.runs[number].mail.clone().expect("it has a mail")
    }
}

fn find(state: &mut State, number: usize) {
    let is_rearming_due = rearming::is_due(state);
    let shown = |place: Place| state.index.get(&place).copied().filter(|due_at| *due_at <= state.now);
    // A recipient gets one mail in a run.
    let mail_due = (0..3).find(|id| shown(Place::Mail(*id)).is_some());
    let key_due = shown(Place::Key);
    let now = state.now;
    let run = &mut state.runs[number];
    if !run.has_rearmed {
        run.now = now;
    }
    (run.key_due, run.mail_due) = (key_due, mail_due);
    run.progress = match (key_due, mail_due) {
        _ if is_rearming_due && !run.has_rearmed => Progress::ReadingRearming,
        (Some(_), _) => Progress::ReadingKey,
        (None, Some(_)) => Progress::ReadingMail,
        (None, None) => Progress::Done,
    };
    run.has_rearmed = true;
}

fn read_key(state: &mut State, number: usize, off: &[Condition]) {
    let (key, user) = (state.table.key(), state.table.user());
    let run = &mut state.runs[number];
    let user = *run.user.get_or_insert(user);
    if let Some((key, seen)) = key.zip(run.key_due) {
        // A key that the index shows where it was before is moved from where it is.
        let seen = key.due_at.unwrap_or(seen);
        let step = Advance { expires_at: key.expires_at, seen, next: key.next_due(run.now) };
        match key.due_stage(run.now).filter(|_| !user.is_suspended) {
            Some(due) => {
                run.notice = Some(Announcement { expires_at: key.expires_at, stage: due });
                run.open_advance = Some(step);
            }
            None => run.advance = Some(step),
        }
        if off.contains(&Condition::AdvanceAfterClaim) {
            run.advance = Some(step);
        }
    }
    if run.mail_due.is_some() {
        run.progress = Progress::ReadingMail;
    } else {
        go_to_claim(state, number);
    }
}

fn read_mail(state: &mut State, number: usize, off: &[Condition]) {
    let id = state.runs[number].mail_due.unwrap_or_default();
    let has_ended = |mail: &&Mail| mail.lease_ends_at <= state.now || off.contains(&Condition::LeaseEnded);
    let mail = state.table.mail(id).filter(|mail| !mail.is_marked).filter(has_ended).cloned();
    let user = state.table.user();
    let run = &mut state.runs[number];
    let user = *run.user.get_or_insert(user);
    run.mail = mail.map(|mail| (id, mail));
    match run.mail {
        Some(_) if user.is_suspended => run.progress = Progress::HoldingMail,
        Some(_) => run.progress = Progress::TakingOver,
        None => go_to_claim(state, number),
    }
}

/// Goes on to the claim of the notice, or to what is left without one.
pub fn go_to_claim(state: &mut State, number: usize) {
    let run = &mut state.runs[number];
    (run.key_due, run.mail_due, run.user) = (None, None, None);
    run.progress = match (&run.notice, &run.mail) {
        (Some(_), _) => Progress::Claiming,
        // A mail without contents is marked.
        (None, Some(_)) if run.lines.is_empty() => Progress::Marking,
        (None, Some(_)) => Progress::Sending,
        (None, None) => Progress::Advancing,
    };
}

fn take(state: &mut State, number: usize, off: &[Condition]) {
    let (id, mail) = state.mail_of(number);
    let run = &mut state.runs[number];
    let lease = 10 + u8::try_from(number).unwrap_or_default();
    // It is due again by the time of the run, and its lease runs by the clock.
    let (lease_ends_at, due_at) = (run.now + LEASE, Some(run.now + 1));
    let taken = Mail { lease, lease_ends_at, due_at, ..mail.clone() };
    match take_over(&state.table, off, (id, &mail), &taken) {
        Ok(after) => {
            state.table = after;
            run.mail = Some((id, taken));
            run.progress = Progress::ReadingLines;
        }
        // Nobody claims the new notice: it stays due.
        Err(_) => run.progress = Progress::Advancing,
    }
}

fn read_lines(state: &mut State, number: usize, off: &[Condition]) {
    let (id, mail) = state.mail_of(number);
    let (table, is_off) = (&state.table, |condition| off.contains(&condition));
    let is_ours = |one: &&Announcement| {
        table.claim(one.expires_at).is_none_or(|claim| claim.told_by == id) || is_off(Condition::LinesAreOurs)
    };
    let holds = |one: &&Announcement| is_true(table.key(), **one) || is_off(Condition::LinesAreTrue);
    let lines: Vec<_> = mail.announcements.iter().filter(is_ours).filter(holds).copied().collect();
    if lines.iter().any(|line| !is_true(table.key(), *line)) {
        state.broken = state.broken.or(Some(Broken::ToldUntrue));
    }
    if lines.iter().any(|line| is_told_elsewhere(state, id, *line)) {
        state.broken = state.broken.or(Some(Broken::Backlog));
    }
    let due = state.table.key().and_then(|key| key.due_stage(state.runs[number].now));
    let narrowest = lines.iter().filter(|line| is_true(table.key(), **line)).min_by_key(|line| line.stage);
    let narrower = narrowest.zip(due).filter(|(line, due)| *due < line.stage);
    let passed = narrower.map(|(line, stage)| Announcement { stage, ..*line });
    let run = &mut state.runs[number];
    run.lines = lines;
    match passed {
        Some(passed) if is_off(Condition::PassedClaimed) => {
            // The mail tells what is true, whatever it has claimed.
            run.lines = vec![passed];
            go_to_claim(state, number);
        }
        Some(_) => {
            run.passed = passed;
            run.progress = Progress::ClaimingPassed;
        }
        None => go_to_claim(state, number),
    }
}

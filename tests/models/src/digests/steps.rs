//! The steps of the digests model: reads and decisions as `notify-expiring-keys` makes them.

use std::collections::BTreeSet;

use super::{
    KEYS, READERS,
    action::{Action, Reply},
    changes,
    condition::Condition,
    item::{AccessKey, Line},
    promises::Broken,
    sending::{self, DigestId},
    state::{DigestProgress, DueKey, EARLIER, Progress, State},
    transactions::advance,
};
use crate::ses::Ses;

/// Lists what may happen next.
pub fn actions(state: &State, actions: &mut Vec<Action>) {
    let may_fail = state.faults > 0;
    for (number, run) in (0..).zip(&state.runs) {
        match run.progress {
            // The runs are alike: the first is the one that begins first.
            Progress::Finding if number > 0 && state.runs[0].progress == Progress::Finding => {}
            Progress::Finding => actions.push(Action::Find(number)),
            Progress::ReadingKeys => {
                actions.extend(run.found.iter().map(|key| Action::ReadKey(number, *key)));
            }
            Progress::ReadingMails => actions.push(Action::ReadMails(number)),
            Progress::Sending => {
                for (reader, digest) in READERS.into_iter().zip(&run.digests) {
                    list_of_digest(actions, (number, reader), digest.progress, may_fail);
                }
                actions.extend(run.advancing().map(|key| Action::Advance(number, key)));
                actions.extend(may_fail.then_some(Action::Crash(number)));
            }
            Progress::Done => {}
        }
    }
    for (position, change) in state.changes.iter().enumerate() {
        // Of equal changes one goes first.
        if !state.changes[..position].contains(change) {
            actions.push(Action::Commit(*change));
        }
    }
}

fn list_of_digest(
    actions: &mut Vec<Action>,
    (number, reader): DigestId,
    progress: DigestProgress,
    may_fail: bool,
) {
    match progress {
        DigestProgress::TakingOver => actions.push(Action::TakeOver(number, reader)),
        DigestProgress::ReadingLines => actions.push(Action::ReadLines(number, reader)),
        DigestProgress::Claiming => {
            actions.push(Action::Claim(number, reader, Reply::Comes));
            let faults = [Reply::IsLost, Reply::Fails].into_iter().filter(|_| may_fail);
            actions.extend(faults.map(|reply| Action::Claim(number, reader, reply)));
        }
        DigestProgress::Sending => {
            actions.push(Action::Send(number, reader, Ses::Accepts));
            let faults = Ses::FAULTS.into_iter().filter(|_| may_fail);
            actions.extend(faults.map(|outcome| Action::Send(number, reader, outcome)));
        }
        DigestProgress::Marking => actions.push(Action::Mark(number, reader)),
        DigestProgress::Done => {}
    }
}

/// Does what happens next.
pub fn next(state: &State, action: Action, off: &[Condition]) -> State {
    let mut next = state.clone();
    match action {
        Action::Find(number) => find(&mut next, number),
        Action::ReadKey(number, key) => read_key(&mut next, (number, key), off),
        Action::ReadMails(number) => read_mails(&mut next, number, off),
        Action::TakeOver(number, reader) => sending::take_over_mail(&mut next, (number, reader), off),
        Action::ReadLines(number, reader) => sending::read_lines(&mut next, (number, reader), off),
        Action::Claim(number, reader, reply) => sending::claim_lines(&mut next, (number, reader), reply, off),
        Action::Send(number, reader, outcome) => sending::send(&mut next, (number, reader), outcome),
        Action::Mark(number, reader) => sending::mark_mail(&mut next, (number, reader), off),
        Action::Advance(number, key) => {
            let run = &mut next.runs[usize::from(number)];
            let line = run.keys.remove(&key).map(|key| key.line);
            if let Some(after) = line.and_then(|line| advance(&next.table, off, line).ok()) {
                next.table = after;
            }
        }
        Action::Crash(number) => {
            next.faults -= 1;
            let run = &mut next.runs[usize::from(number)];
            run.progress = Progress::Done;
            // The digest of a run is over once its mail is marked.
            next.excused += u8::from(run.digests.iter().any(|digest| digest.is_sent));
        }
        Action::Commit(operation) => changes::commit(&mut next, operation),
    }
    for run in &mut next.runs {
        run.forget();
    }
    next.broken = next.broken.or_else(|| Broken::of(&next));
    next
}

fn find(state: &mut State, number: u8) {
    let is_due = |key: &u8| state.table.key(*key).is_some_and(AccessKey::is_due);
    let found = KEYS.into_iter().filter(is_due).collect();
    let run = &mut state.runs[usize::from(number)];
    (run.found, run.progress) = (found, Progress::ReadingKeys);
    go_to_mails(state, number);
}

/// Goes on to the mails once all keys are read.
fn go_to_mails(state: &mut State, number: u8) {
    let run = &mut state.runs[usize::from(number)];
    if run.found.is_empty() {
        run.progress = Progress::ReadingMails;
    }
}

fn read_key(state: &mut State, (number, key): (u8, u8), off: &[Condition]) {
    let found = state.table.key(key).filter(|key| key.is_due());
    let run = &mut state.runs[usize::from(number)];
    run.found.remove(&key);
    if let Some(found) = found {
        let line = Line { key, expires_at: found.expires_at };
        let readers = u8::try_from(READERS.len()).unwrap_or_default();
        let open = if off.contains(&Condition::AdvanceAfterAllReaders) { 1 } else { readers };
        run.keys.insert(key, DueKey { line, open });
    }
    go_to_mails(state, number);
}

fn read_mails(state: &mut State, number: u8, off: &[Condition]) {
    let has_ended = |lease: u8| lease == EARLIER || state.runs[usize::from(lease)].is_over();
    let may_take = |lease: u8| lease != number && (has_ended(lease) || off.contains(&Condition::LeaseEnded));
    let unfinished = READERS.map(|reader| {
        // A recipient gets one mail in a run.
        [EARLIER, 0, 1].into_iter().find_map(|id| {
            let mail = state.table.mail(reader, id)?;
            (!mail.is_marked && may_take(mail.lease)).then(|| (id, mail.clone()))
        })
    });
    let run = &mut state.runs[usize::from(number)];
    run.progress = Progress::Sending;
    let wanted: BTreeSet<Line> = run.keys.values().map(|key| key.line).collect();
    for (digest, unfinished) in run.digests.iter_mut().zip(unfinished) {
        digest.wanted.clone_from(&wanted);
        digest.progress = match unfinished {
            Some(_) => DigestProgress::TakingOver,
            None if wanted.is_empty() => DigestProgress::Done,
            None => DigestProgress::Claiming,
        };
        digest.unfinished = unfinished;
    }
}

//! The steps of a digest, as `send` makes them.

use std::collections::BTreeSet;

use super::{
    action::Reply,
    condition::Condition,
    item::{Line, Place},
    promises::Broken,
    state::{Digest, DigestProgress, State},
    transactions::{claim, mark, take_over},
};
use crate::ses::Ses;

/// A digest: the number of the run, and the reader.
pub type DigestId = (u8, u8);

impl State {
    fn digest(&mut self, (number, reader): DigestId) -> &mut Digest {
        self.runs[usize::from(number)].digest(reader)
    }

    /// Returns the place of the digest's mail: that of an earlier run, or its own.
    fn mail_of(&mut self, (number, reader): DigestId) -> (u8, u8) {
        (reader, self.digest((number, reader)).unfinished.as_ref().map_or(number, |(id, _)| *id))
    }
}

/// Takes over the mail of an earlier run.
pub fn take_over_mail(state: &mut State, of: DigestId, off: &[Condition]) {
    let Some((id, seen)) = state.digest(of).unfinished.clone() else { return };
    match take_over(&state.table, off, (of.1, id), seen.lease, of.0) {
        Ok(after) => {
            state.table = after;
            state.digest(of).progress = DigestProgress::ReadingLines;
        }
        // Nobody claims the new notices: they stay due.
        Err(_) => state.digest(of).end(),
    }
}

/// Reads what is still true of the mail of an earlier run.
pub fn read_lines(state: &mut State, of: DigestId, off: &[Condition]) {
    let claimed = state.digest(of).unfinished.clone().map(|(_, mail)| mail.lines).unwrap_or_default();
    let table = &state.table;
    let is_kept = |line: &Line| table.is_true(*line) || off.contains(&Condition::LinesAreTrue);
    let lines: BTreeSet<_> = claimed.into_iter().filter(is_kept).collect();
    if lines.iter().any(|line| !table.is_true(*line)) {
        state.broken = state.broken.or(Some(Broken::ToldUntrue));
    }
    let digest = state.digest(of);
    (digest.lines, digest.progress) = (lines, DigestProgress::Claiming);
    go_on(state, of);
}

/// Goes on to the mail once nothing is left to claim.
fn go_on(state: &mut State, of: DigestId) {
    let (reader, id) = state.mail_of(of);
    let is_stored = state.table.get(Place::Mail(reader, id)).is_some();
    let digest = state.digest(of);
    if digest.progress != DigestProgress::Claiming || !digest.wanted.is_empty() {
        return;
    }
    match (digest.lines.is_empty(), is_stored) {
        (false, _) => digest.progress = DigestProgress::Sending,
        // A mail without contents is marked.
        (true, true) => digest.progress = DigestProgress::Marking,
        (true, false) => digest.end(),
    }
}

/// Claims the lines, or those that are left after a refusal.
pub fn claim_lines(state: &mut State, of: DigestId, reply: Reply, off: &[Condition]) {
    state.faults -= u8::from(reply != Reply::Comes);
    let (mail, wanted) = (state.mail_of(of), state.digest(of).wanted.clone());
    let sent = if reply == Reply::Fails {
        Ok(state.table.clone())
    } else {
        claim(&state.table, off, mail, of.0, &wanted)
    };
    if reply != Reply::Fails && sent.is_ok() && wanted.iter().any(|line| !state.table.is_true(*line)) {
        state.broken = state.broken.or(Some(Broken::ClaimedUntrue));
    }
    let refused = match sent {
        Ok(after) => {
            state.table = after;
            Vec::new()
        }
        Err(refused) => refused,
    };
    // It is unknown what was claimed, or another run has the mail.
    if reply != Reply::Comes || refused.contains(&0) {
        state.digest(of).end();
        return;
    }
    for (position, line) in wanted.iter().enumerate() {
        let (is_obsolete, is_claimed) =
            (refused.contains(&(1 + 2 * position)), refused.contains(&(2 + 2 * position)));
        let is_refused =
            is_obsolete || is_claimed || (!refused.is_empty() && off.contains(&Condition::RefusedAlone));
        if !refused.is_empty() && !is_refused {
            continue;
        }
        let run = &mut state.runs[usize::from(of.0)];
        let digest = run.digest(of.1);
        digest.wanted.remove(line);
        if !is_refused {
            digest.lines.insert(*line);
        }
        if is_obsolete {
            digest.lines.remove(line);
            run.keys.remove(&line.key);
        } else {
            digest.settled.insert(line.key);
        }
    }
    let run = &mut state.runs[usize::from(of.0)];
    if run.digest(of.1).wanted.is_empty() {
        for key in std::mem::take(&mut run.digest(of.1).settled) {
            if let Some(key) = run.keys.get_mut(&key) {
                key.open = key.open.saturating_sub(1);
            }
        }
    }
    go_on(state, of);
}

/// Hands the mail over to SES.
pub fn send(state: &mut State, of: DigestId, outcome: Ses) {
    state.faults -= u8::from(outcome != Ses::Accepts);
    if outcome.tells() {
        for line in state.digest(of).lines.clone() {
            *state.told.entry((of.1, line)).or_default() += 1;
        }
    }
    state.excused += u8::from(outcome == Ses::LosesReply);
    let digest = state.digest(of);
    digest.lines.clear();
    digest.is_sent = outcome.tells();
    if outcome.is_settled() {
        digest.progress = DigestProgress::Marking;
    } else {
        digest.end();
    }
}

/// Marks the mail.
pub fn mark_mail(state: &mut State, of: DigestId, off: &[Condition]) {
    let mail = state.mail_of(of);
    if let Ok(after) = mark(&state.table, off, mail, of.0) {
        state.table = after;
    }
    state.digest(of).end();
}

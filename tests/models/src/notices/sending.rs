//! The steps of a run that claims a notice and sends a mail, as `send` makes them.

use super::{
    condition::Condition,
    item::{Announcement, Mail},
    promises::judge_claim,
    state::{Progress, State},
    steps::go_to_claim,
    transactions::{LEASE, claim_notice},
};
use crate::ses::Ses;

/// Claims the stage that came while the mail waited.
pub fn claim_passed(state: &mut State, number: usize, off: &[Condition]) {
    let passed = state.runs[number].passed.take().expect("a stage has passed");
    let (id, mut mail) = state.runs[number].mail.clone().expect("it has a mail");
    let sent = claim_notice(&state.table, off, (id, &mail), passed);
    let broken = sent.is_ok().then(|| judge_claim(state, passed)).flatten();
    let run = &mut state.runs[number];
    run.lines.retain(|line| line.expires_at != passed.expires_at);
    match sent {
        Ok(after) => {
            state.broken = state.broken.or(broken);
            state.table = after;
            mail.announcements.push(passed);
            run.lines.push(passed);
            run.mail = Some((id, mail));
        }
        // Another run has the mail.
        Err(refused) if refused.contains(&0) => {
            run.progress = Progress::Advancing;
            return;
        }
        Err(_) => {}
    }
    go_to_claim(state, number);
}

/// Claims the notice.
pub fn claim(state: &mut State, number: usize, off: &[Condition]) {
    let notice = state.runs[number].notice.take().expect("it has a notice");
    let (now, id) = (state.runs[number].now, 1 + u8::try_from(number).unwrap_or_default());
    let new = Mail { lease: id, lease_ends_at: now + LEASE, due_at: Some(now + 1), ..Mail::default() };
    let (id, mut mail) = state.runs[number].mail.clone().unwrap_or((id, new));
    let sent = claim_notice(&state.table, off, (id, &mail), notice);
    let broken = sent.is_ok().then(|| judge_claim(state, notice)).flatten();
    let run = &mut state.runs[number];
    match sent {
        Ok(after) => {
            state.broken = state.broken.or(broken);
            state.table = after;
            mail.announcements.push(notice);
            run.lines.retain(|line| line.expires_at != notice.expires_at);
            run.lines.push(notice);
            run.mail = Some((id, mail));
            run.advance = run.advance.or(run.open_advance.take());
        }
        // Another run has the mail.
        Err(refused) if refused.contains(&0) => {
            run.progress = Progress::Advancing;
            return;
        }
        Err(refused) => {
            let announces =
                |one: &Announcement| one.expires_at == notice.expires_at && one.stage <= notice.stage;
            let is_obsolete = refused.contains(&1);
            if is_obsolete || !mail.announcements.iter().any(announces) {
                run.lines.retain(|line| line.expires_at != notice.expires_at);
            }
            run.advance = run.advance.or(run.open_advance.take().filter(|_| !is_obsolete));
        }
    }
    go_to_claim(state, number);
}

/// Hands the mail over to SES.
pub fn send(state: &mut State, number: usize, outcome: Ses) {
    state.faults -= u8::from(outcome != Ses::Accepts);
    if outcome.tells() {
        for line in state.runs[number].lines.clone() {
            *state.told.entry(line).or_default() += 1;
        }
    }
    state.excused += u8::from(outcome == Ses::LosesReply);
    state.runs[number].progress = if outcome.is_settled() { Progress::Marking } else { Progress::Advancing };
}

use domain::id::KeyId;
use futures_util::{StreamExt as _, stream};
use table::{CLAIMS, Claim, Error, MESSAGES, Mail};

use crate::{
    compose::Line,
    deliver::{deliver, drop_empty},
    directory::Known,
    inbox,
    pace::{Pace, Turn},
    parcel::Parcel,
    recipients::reach,
    resume::{lines, take_over},
    round::Round,
    run::{Run, step},
};

/// Recipients who are told at once: none waits for an answer that another waits for.
const AT_ONCE: usize = 16;

/// The most keys that one mail names: it stays readable, and far below what an item may hold.
const MOST_KEYS: usize = 1_000;

/// Tells each recipient, beginning in the order given, until time or quota run out.
pub(crate) async fn announce(run: &Run<'_>, round: &Round, parcels: Vec<Parcel>, pace: &Pace) {
    run.count(|summary| summary.left_over += round.mails_left);
    stream::iter(parcels).for_each_concurrent(AT_ONCE, |parcel| tell(run, round, parcel, pace)).await;
}

async fn tell(run: &Run<'_>, round: &Round, parcel: Parcel, pace: &Pace) {
    // First of all: what may still be sent today goes to the most urgent.
    let turn = if parcel.has_mail() { pace.turn() } else { None };
    inbox::tell(run, round, &parcel).await;
    match turn {
        Some(turn) if turn.comes(run.time_left()).await => mail(run, round, parcel, turn).await,
        _ => run.count(|summary| summary.left_over += usize::from(parcel.unfinished.is_some())),
    }
}

/// Claims what is new for one mail, the unfinished one if there is one, and sends it.
async fn mail(run: &Run<'_>, round: &Round, mut parcel: Parcel, turn: Turn<'_>) {
    let unfinished = match parcel.unfinished.take() {
        None => None,
        Some(mail) => match take_up(run, mail).await {
            Ok(taken_up) => taken_up,
            // What is new, which nobody claimed, stays due.
            Err(NotOurs) => return,
        },
    };
    let new = || Some((new_mail(run, round, &parcel)?, Vec::new()));
    let Some((mut mail, mut lines)) = unfinished.or_else(new) else { return };
    // Unknown after a failure whether the last claims were made: a later run reads what the mail holds.
    match claim(run, round, &parcel.for_mail, &mut mail).await {
        Ok(told) => {
            lines.retain(|(key_id, _)| told.iter().all(|(told, _)| told != key_id));
            lines.extend(told);
            lines.sort_by_key(|(key_id, line)| (line.expires_at, *key_id));
        }
        Err(error) => return run.failed(1, "claim the notices of a mail", &error),
    }
    if let Err(error) = claim_waiting(run, round, parcel, &mut mail).await {
        return run.failed(1, "claim the messages of a mail", &error);
    }
    let nothing = lines.is_empty() && mail.messages.is_empty();
    match run.directory.user(mail.user_id) {
        Known::There(recipient) if reach(recipient, mail.organization_id).email && !nothing => {
            let lines: Vec<_> = lines.iter().map(|(_, line)| line).collect();
            deliver(run, &mail, recipient, &lines, turn).await;
        }
        Known::Unread => run.count(|summary| summary.failed += 1),
        Known::There(_) | Known::Gone if mail.is_stored() => drop_empty(run, &mail).await,
        Known::There(_) | Known::Gone => {}
    }
}

/// Another run has the mail, or may have it.
struct NotOurs;

/// Takes up an unfinished mail with what of it is still so; `None` if it waits until it can be read.
async fn take_up(run: &Run<'_>, mut mail: Mail) -> Result<Option<(Mail, Vec<(KeyId, Line)>)>, NotOurs> {
    match take_over(run, &mut mail).await {
        Ok(true) => {}
        Ok(false) => return Err(NotOurs),
        Err(error) => {
            run.failed(1, "take up an unfinished mail", &error);
            return Err(NotOurs);
        }
    }
    match lines(run, &mail).await {
        Ok(lines) => Ok(Some((mail, lines))),
        // What is new does not wait for that.
        Err(error) => {
            run.failed(1, "read what an unfinished mail tells", &error);
            Ok(None)
        }
    }
}

/// Starts a mail; `None` where nothing new is to be told.
fn new_mail(run: &Run<'_>, round: &Round, parcel: &Parcel) -> Option<Mail> {
    let of_keys = parcel.for_mail.first().map(|position| round.entries[*position].organization_id);
    let of_messages = parcel.waiting.first().map(|waiting| waiting.organization_id);
    Some(Mail::new(parcel.user_id, of_keys.or(of_messages)?, run.lease_ends_at(), run.now))
}

/// Claims entries for the mail, as many as time and size allow, and returns those that it is to tell.
async fn claim(
    run: &Run<'_>,
    round: &Round,
    entries: &[usize],
    mail: &mut Mail,
) -> Result<Vec<(KeyId, Line)>, Error> {
    let table = &run.notifier.app.table;
    let mut told = Vec::new();
    let most = MOST_KEYS.saturating_sub(mail.announcements.len());
    for positions in entries[..entries.len().min(most)].chunks(CLAIMS) {
        let _turn = round.turn_to_claim(positions).await;
        if run.time_left().is_zero() {
            break;
        }
        let wanted: Vec<_> = positions.iter().map(|position| round.entries[*position].announcement).collect();
        for (position, claim) in positions.iter().zip(step(table.claim(mail, &wanted)).await?) {
            let entry = &round.entries[*position];
            if claim == Claim::Made {
                told.push((entry.announcement.key_id, entry.line.clone()));
            }
            if let Some(advance) = entry.claimed(claim) {
                run.advance(advance).await;
            }
        }
    }
    Ok(told)
}

/// Moves messages from the outbox into the mail, as many as time and size allow.
async fn claim_waiting(run: &Run<'_>, round: &Round, parcel: Parcel, mail: &mut Mail) -> Result<(), Error> {
    let most = MESSAGES.saturating_sub(mail.messages.len());
    let wanted: Vec<_> = parcel.waiting.into_iter().map(|waiting| waiting.message).take(most).collect();
    if wanted.is_empty() || run.time_left().is_zero() {
        return Ok(());
    }
    let count = wanted.len();
    step(run.notifier.app.table.claim_waiting(mail, wanted)).await?;
    round.claimed_waiting(count);
    Ok(())
}

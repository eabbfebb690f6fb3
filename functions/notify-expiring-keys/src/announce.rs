use domain::{id::KeyId, notice::Announcement};
use futures_util::{StreamExt as _, stream};
use table::{Claim, Error, MAX_CLAIMS, MAX_MESSAGES, Mail};

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
        Ok(claimed) => {
            let is_it = |told: &Announcement, key_id: KeyId, line: &Line| {
                (told.key_id, told.expires_at) == (key_id, line.expires_at)
            };
            lines.retain(|(key_id, line)| !claimed.iter().any(|(told, _)| is_it(told, *key_id, line)));
            lines.extend(claimed.into_iter().filter_map(|(told, line)| Some((told.key_id, line?))));
            lines.sort_by_key(|(key_id, line)| (line.expires_at, *key_id));
        }
        Err(error) => return run.failed(1, "claim the notices of a mail", &error),
    }
    if let Err(error) = claim_outbox_messages(run, round, parcel, &mut mail).await {
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

/// Claims entries for the mail, as many as time and size allow, and returns what came of them: what the
/// mail is to tell, or nothing where that is over or another mail tells it.
async fn claim(
    run: &Run<'_>,
    round: &Round,
    entries: &[usize],
    mail: &mut Mail,
) -> Result<Vec<(Announcement, Option<Line>)>, Error> {
    let table = &run.notifier.app.table;
    let mut claimed = Vec::new();
    let most = MOST_KEYS.saturating_sub(mail.announcements.len());
    for positions in entries[..entries.len().min(most)].chunks(MAX_CLAIMS) {
        let _turn = round.turn_to_claim(positions).await;
        if run.time_left().is_zero() {
            break;
        }
        let wanted: Vec<_> = positions.iter().map(|position| round.entries[*position].announcement).collect();
        for (position, claim) in positions.iter().zip(step(table.claim(mail, &wanted)).await?) {
            let entry = &round.entries[*position];
            match claim {
                Claim::Made => claimed.push((entry.announcement, Some(entry.line.clone()))),
                Claim::MadeBefore if holds(mail, &entry.announcement) => {}
                Claim::MadeBefore | Claim::Obsolete => claimed.push((entry.announcement, None)),
            }
            if let Some(advance) = entry.claimed(claim) {
                run.advance(advance).await;
            }
        }
    }
    Ok(claimed)
}

/// Tells whether a mail announces this expiry, as narrowly or more so.
fn holds(mail: &Mail, wanted: &Announcement) -> bool {
    let is_it = |told: &Announcement| {
        (told.key_id, told.expires_at) == (wanted.key_id, wanted.expires_at) && told.stage <= wanted.stage
    };
    mail.announcements.iter().any(is_it)
}

/// Moves messages from the outbox into the mail, as many as time and size allow.
async fn claim_outbox_messages(
    run: &Run<'_>,
    round: &Round,
    parcel: Parcel,
    mail: &mut Mail,
) -> Result<(), Error> {
    let most = MAX_MESSAGES.saturating_sub(mail.messages.len());
    let wanted: Vec<_> = parcel.waiting.into_iter().map(|waiting| waiting.message).take(most).collect();
    if wanted.is_empty() || run.time_left().is_zero() {
        return Ok(());
    }
    let count = wanted.len();
    step(run.notifier.app.table.claim_outbox_messages(mail, wanted)).await?;
    round.claimed_waiting(count);
    Ok(())
}

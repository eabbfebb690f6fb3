use domain::id::{KeyId, UserId};
use table::{CLAIMS, Claim, Error, Mail};

use crate::{
    compose::Line,
    deliver::{deliver, drop_empty},
    directory::Known,
    pace::Pace,
    recipients::can_be_told,
    resume::{lines, take_over},
    round::{Parcel, Round},
    run::{Run, step},
};

/// The most keys that one mail names: it stays readable, and far below what an item may hold.
const MOST_KEYS: usize = 1_000;

/// Tells each recipient, in the round's order, until time or quota run out.
pub(crate) async fn announce(run: &mut Run<'_>, round: &mut Round, pace: &mut Pace) {
    run.summary.left_over += round.mails_left;
    let mut parcels = std::mem::take(&mut round.parcels).into_iter();
    while let Some(parcel) = parcels.next() {
        if !pace.turn(run.time_left()).await {
            let rest = parcels.filter(|parcel| parcel.unfinished.is_some()).count();
            run.summary.left_over += rest + usize::from(parcel.unfinished.is_some());
            return;
        }
        tell(run, round, parcel, pace).await;
    }
}

async fn tell(run: &mut Run<'_>, round: &mut Round, parcel: Parcel, pace: &mut Pace) {
    let Parcel { user_id, unfinished, entries } = parcel;
    let Some(mut mail) = unfinished else { return tell_new(run, round, user_id, &entries, pace).await };
    match take_over(run, &mut mail).await {
        Ok(true) => {}
        // The entries, which nobody claimed, stay due.
        Ok(false) => return,
        Err(error) => return run.failed(1, "take up an unfinished mail", &error),
    }
    match lines(run, &mail).await {
        Ok(lines) => tell_more(run, round, &entries, mail, lines, pace).await,
        // The mail waits until all of it can be read; what is new does not wait for that.
        Err(error) => {
            run.failed(1, "read what an unfinished mail tells", &error);
            tell_new(run, round, user_id, &entries, pace).await;
        }
    }
}

/// Sends a new mail of the entries.
async fn tell_new(run: &mut Run<'_>, round: &mut Round, user_id: UserId, entries: &[usize], pace: &mut Pace) {
    let Some(first) = entries.first() else { return };
    let organization_id = round.entries[*first].organization_id;
    let mut mail = Mail::new(user_id, organization_id, run.lease_ends_at(), run.now);
    let told = match claim(run, round, entries, &mut mail).await {
        Ok(told) => told,
        // Unknown whether the last claims were made: the mail is for a later run, which reads them all.
        Err(error) => return run.failed(1, "claim the notices of a mail", &error),
    };
    let Known::There(recipient) = run.directory.user(user_id) else { return };
    let recipient = recipient.clone();
    let lines: Vec<_> = told.iter().map(|position| &round.entries[*position].line).collect();
    if !lines.is_empty() {
        deliver(run, &mail, &recipient, &lines, pace).await;
    }
}

/// Sends an unfinished mail of which `lines` are still so, after the entries were claimed for it too.
async fn tell_more(
    run: &mut Run<'_>,
    round: &mut Round,
    entries: &[usize],
    mut mail: Mail,
    mut lines: Vec<(KeyId, Line)>,
    pace: &mut Pace,
) {
    match claim(run, round, entries, &mut mail).await {
        Ok(told) => {
            let new = told.iter().map(|position| &round.entries[*position]);
            let new: Vec<_> = new.map(|entry| (entry.announcement.key_id, entry.line.clone())).collect();
            lines.retain(|(key_id, _)| new.iter().all(|(told, _)| told != key_id));
            lines.extend(new);
            lines.sort_by_key(|(key_id, line)| (line.expires_at, *key_id));
        }
        Err(error) => return run.failed(1, "claim more notices for an unfinished mail", &error),
    }
    match run.directory.user(mail.user_id) {
        Known::There(recipient) if can_be_told(recipient, mail.organization_id) && !lines.is_empty() => {
            let recipient = recipient.clone();
            let lines: Vec<_> = lines.iter().map(|(_, line)| line).collect();
            deliver(run, &mail, &recipient, &lines, pace).await;
        }
        Known::Unread => run.summary.failed += 1,
        Known::There(_) | Known::Gone => drop_empty(run, &mail).await,
    }
}

/// Claims entries for the mail, as many as time and size allow, and returns the positions of those
/// that the mail is to tell.
async fn claim(
    run: &mut Run<'_>,
    round: &mut Round,
    entries: &[usize],
    mail: &mut Mail,
) -> Result<Vec<usize>, Error> {
    let table = &run.notifier.app.table;
    let mut told = Vec::new();
    let most = MOST_KEYS.saturating_sub(mail.announcements.len());
    for positions in entries[..entries.len().min(most)].chunks(CLAIMS) {
        if run.time_left().is_zero() {
            break;
        }
        let wanted: Vec<_> = positions.iter().map(|position| round.entries[*position].announcement).collect();
        for (position, claim) in positions.iter().zip(step(table.claim(mail, &wanted)).await?) {
            if claim == Claim::Made {
                told.push(*position);
            }
            if let Some(advance) = round.claimed(*position, claim) {
                run.advance(advance).await;
            }
        }
    }
    Ok(told)
}

use table::{CLAIMS, Claim, Error, Mail};

use crate::{
    deliver::deliver,
    pace::Pace,
    round::{Parcel, Round},
    run::Run,
};

/// The most keys that one mail names: it stays readable, and far below what an item may hold.
const MOST_KEYS: usize = 1_000;

/// Tells each recipient, the one with the most urgent key first, until time or quota run out.
pub(crate) async fn announce(run: &mut Run<'_>, round: &mut Round, pace: &mut Pace) {
    for parcel in std::mem::take(&mut round.parcels) {
        if !pace.turn(run.time_left()).await {
            return;
        }
        tell(run, round, &parcel, pace).await;
    }
}

async fn tell(run: &mut Run<'_>, round: &mut Round, parcel: &Parcel, pace: &mut Pace) {
    let organization_id = round.entries[parcel.entries[0]].organization_id;
    let mut mail = Mail::new(parcel.user_id, organization_id, run.lease_ends_at(), run.now);
    let told = match claim(run, round, parcel, &mut mail).await {
        Ok(told) => told,
        // Unknown whether the last claims were made: the mail is for a later run, which reads them all.
        Err(error) => return run.failed(1, "claim the notices of a mail", &error),
    };
    let recipient = run.directory.user(parcel.user_id).cloned();
    let lines: Vec<_> = told.iter().map(|position| &round.entries[*position].line).collect();
    if let Some(recipient) = recipient.filter(|_| !lines.is_empty()) {
        deliver(run, &mail, &recipient, &lines, pace).await;
    }
}

/// Claims what the parcel tells for the mail, as much of it as time and size allow, and returns the
/// positions of the entries that the mail is to tell.
async fn claim(
    run: &mut Run<'_>,
    round: &mut Round,
    parcel: &Parcel,
    mail: &mut Mail,
) -> Result<Vec<usize>, Error> {
    let table = &run.notifier.app.table;
    let mut told = Vec::new();
    for positions in parcel.entries[..parcel.entries.len().min(MOST_KEYS)].chunks(CLAIMS) {
        if run.time_left().is_zero() {
            break;
        }
        let wanted: Vec<_> = positions.iter().map(|position| round.entries[*position].announcement).collect();
        for (position, claim) in positions.iter().zip(table.claim(mail, &wanted).await?) {
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

use table::{CLAIMS, Error, Mail};

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
    if let Err(error) = claim(run, round, parcel, &mut mail).await {
        // Unknown whether the last claims were made: the mail is sent by whoever finds all of it.
        return run.failed(1, "claim the notices of a mail", &error);
    }
    let Some(recipient) = run.directory.user(parcel.user_id).cloned() else { return };
    let told = mail.announcements.iter().map(|announcement| announcement.key_id);
    let told: std::collections::HashSet<_> = told.collect();
    let entries = parcel.entries.iter().map(|position| &round.entries[*position]);
    let lines: Vec<_> =
        entries.filter(|entry| told.contains(&entry.announcement.key_id)).map(|entry| &entry.line).collect();
    if !lines.is_empty() {
        deliver(run, &mail, &recipient, &lines, pace).await;
    }
}

/// Claims what the parcel tells for the mail, as much of it as time and size allow.
async fn claim(run: &mut Run<'_>, round: &mut Round, parcel: &Parcel, mail: &mut Mail) -> Result<(), Error> {
    let table = &run.notifier.app.table;
    for positions in parcel.entries[..parcel.entries.len().min(MOST_KEYS)].chunks(CLAIMS) {
        if run.time_left().is_zero() {
            return Ok(());
        }
        let wanted: Vec<_> = positions.iter().map(|position| round.entries[*position].announcement).collect();
        let claims = table.claim(mail, &wanted).await?;
        for (position, claim) in positions.iter().zip(claims) {
            if let Some(advance) = round.claimed(*position, claim) {
                run.advance(advance).await;
            }
        }
    }
    Ok(())
}

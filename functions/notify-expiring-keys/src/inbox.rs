use domain::inbox::Message;
use table::MAX_CLAIMS;

use crate::{
    compose,
    entry::Entry,
    parcel::Parcel,
    round::Round,
    run::{Run, step},
};

/// Puts in the inbox of a recipient what it is to be told there, as far as time allows.
///
/// Each message is stored with the claim that it is told: what fails here stays due.
pub(crate) async fn tell(run: &Run<'_>, round: &Round, parcel: &Parcel) {
    for positions in parcel.for_inbox.chunks(MAX_CLAIMS) {
        let _turn = round.turn_to_claim(positions).await;
        if run.time_left().is_zero() {
            return;
        }
        let entries = positions.iter().map(|position| &round.entries[*position]);
        let wanted: Vec<_> = entries.map(|entry| (entry.announcement, message(run, entry))).collect();
        match step(run.notifier.app.table.claim_in_inbox(parcel.user_id, &wanted)).await {
            Ok(claims) => {
                for (position, claim) in positions.iter().zip(claims) {
                    if let Some(advance) = round.entries[*position].claimed(claim) {
                        run.advance(advance).await;
                    }
                }
            }
            Err(error) => run.failed(1, "put notices in an inbox", &error),
        }
    }
}

fn message(run: &Run<'_>, entry: &Entry) -> Message {
    let (title, text) = (entry.line.fact(run.now), compose::told_in_inbox(&entry.line));
    Message::new(run.now, entry.event, title, text, Some(entry.announcement.key_id))
}

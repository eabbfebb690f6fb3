//! Tells the people whom a key's expiry concerns, before it expires and when it has, and mails what else
//! people are to be told.
//!
//! Every notice is claimed before it is sent, and its mail is marked after: a run may end anywhere,
//! and the next one goes on from what the table holds. *Now* is the time of the event; the clock is
//! read for leases and for the deadline alone.
//!
//! - What cannot be read is never taken for what is gone: its keys stay due, its mails stay leased.
//! - A recipient gets one mail in a run, of expiries and of messages from the outbox. Where one was left
//!   unfinished, what is new is claimed for it and goes out with it, unless it cannot be read; of several
//!   unfinished ones the others stay due for the next run.
//! - A mail that fails waits longer each time, and comes after all that failed less often.
//! - Inboxes are told whatever SES says.
//! - Deletions of users that were cut off are finished last.

mod announce;
mod compose;
mod deliver;
mod directory;
mod entry;
mod event;
mod failure;
mod give_up;
mod inbox;
mod look;
mod outbox;
mod pace;
mod parcel;
mod post;
mod recipients;
mod removal;
mod resume;
mod round;
mod run;
mod settings;
mod urgency;

use domain::{
    Time,
    id::{KeyId, UserId},
};
use event::Event;
use failure::Failure;
use lambda_runtime::{Diagnostic, LambdaEvent};
use pace::Pace;
use parcel::Parcel;
use round::Round;
use run::{Run, within};
use serde_json::Value;
use table::{Due, item_key::DueItem};

pub use event::Summary;
pub use settings::Notifier;

/// The most entries of the index that one run takes on; it holds them all in memory.
const MOST_DUE: usize = 50_000;

/// Seconds that a run takes at most where no deadline is stated.
const WITHOUT_DEADLINE: i64 = 240;

/// Tells whom it concerns of all that is due, and answers how far it came.
pub async fn notify_expiring_keys(
    notifier: &Notifier,
    event: LambdaEvent<Value>,
) -> Result<Summary, Diagnostic> {
    let deadline = deadline(event.context.deadline, notifier.clock.now());
    let event = Event::read(event.payload, notifier.app.table.due_shards()).map_err(Failure::report)?;
    // On the heap, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
    let telling = Box::pin(tell(Run::new(notifier, event.now, deadline), &event));
    let summary = telling.await.map_err(Failure::report)?;
    summary.log();
    Ok(summary)
}

/// Returns when the service ends the run. Lambda says when; `cargo lambda watch` states an instant of 1970,
/// which is none.
fn deadline(stated: u64, now: Time) -> Time {
    let stated = Time::from_milliseconds(i64::try_from(stated).unwrap_or(i64::MAX));
    if stated > now { stated } else { now.plus(WITHOUT_DEADLINE) }
}

async fn tell(mut run: Run<'_>, event: &Event) -> Result<Summary, Failure> {
    let due = find(&mut run, &event.shards).await?;
    let mut places = Places::default();
    for due in &due {
        places.add(due);
    }
    let entries = look::look(&mut run, &places.keys).await;
    let mails = resume::unfinished(&mut run, &places.mails).await;
    let waiting = outbox::waiting(&mut run, &places.messages).await;
    let (round, parcels) = Round::new(entries, mails, waiting);
    let pace = pace(&run, &parcels, &event.shards).await;
    announce::announce(&run, &round, parcels, &pace).await;
    removal::finish(&mut run, &places.users).await;
    Ok(finish(&run, &round).await)
}

/// Asks SES what may be sent, if anything is to be; where it does not say, nothing is.
async fn pace(run: &Run<'_>, parcels: &[Parcel], shards: &[u32]) -> Pace {
    if !parcels.iter().any(Parcel::has_mail) {
        return Pace::none();
    }
    Pace::start(&run.notifier.post, run.share(shards)).await.unwrap_or_else(|error| {
        run.failed(1, "ask how much may be mailed", &error);
        Pace::none()
    })
}

/// What the index named, by kind.
#[derive(Debug, Default)]
struct Places {
    keys: Vec<(KeyId, Time)>,
    mails: Vec<outbox::Place>,
    messages: Vec<outbox::Place>,
    users: Vec<UserId>,
}

impl Places {
    fn add(&mut self, due: &Due) {
        match due.item {
            DueItem::AccessKey(key_id) => self.keys.push((key_id, due.due_at)),
            DueItem::Mail { user_id, mail_id } => self.mails.push((user_id, mail_id)),
            DueItem::Outbox { user_id, message_id } => self.messages.push((user_id, message_id)),
            DueItem::DeletedUser(user_id) => self.users.push(user_id),
        }
    }
}

/// Lists what is due, the longest due first, in all parts of the index that can be read.
async fn find(run: &mut Run<'_>, shards: &[u32]) -> Result<Vec<Due>, Failure> {
    let (mut due, mut failures) = (Vec::new(), Vec::new());
    let most = (MOST_DUE / shards.len()).max(1);
    for shard in shards {
        let query = run.notifier.app.table.due(*shard, run.now, most);
        match within(run.time_left(), query).await {
            Ok(found) => due.extend(found),
            Err(error) => failures.push(error),
        }
    }
    if failures.len() == shards.len()
        && let Some(error) = failures.pop()
    {
        return Err(error.into());
    }
    for error in failures {
        run.failed(1, "read a part of what is due", &error);
    }
    due.sort_by_key(|due| due.due_at);
    Ok(due)
}

async fn finish(run: &Run<'_>, round: &Round) -> Summary {
    run.advance_all().await;
    run.count(|summary| {
        summary.skipped += round.count_silent();
        summary.left_over += round.count_open();
    });
    run.summary()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_over_before_the_run_begins_is_none() {
        let now = Time::from_seconds(1_790_000_000);
        assert_eq!(deadline(1_790_000_060_000, now), now.plus(60));
        assert_eq!(deadline(600_000, now), now.plus(WITHOUT_DEADLINE));
        assert_eq!(deadline(0, now), now.plus(WITHOUT_DEADLINE));
    }
}

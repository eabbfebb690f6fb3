//! Mails the people whom a key's expiry concerns, before it expires and when it has.
//!
//! Every notice is claimed before it is sent, and its mail is marked after: a run may end anywhere,
//! and the next one goes on from what the table holds. *Now* is the time of the event; the clock is
//! read for leases and for the deadline alone.
//!
//! - What cannot be read is never taken for what is gone: its keys stay due, its mails stay leased.
//! - A recipient gets one mail in a run. Where one was left unfinished, new notices are claimed for it
//!   and go out with it, unless it cannot be read; of several unfinished ones the others stay due for
//!   the next run.
//! - A mail that fails waits longer each time, and comes after all that failed less often.

mod announce;
mod compose;
mod deliver;
mod directory;
mod event;
mod failure;
mod look;
mod pace;
mod post;
mod recipients;
mod resume;
mod round;
mod run;
mod settings;

use domain::{Time, id::KeyId};
use event::Event;
use failure::Failure;
use lambda_runtime::{Diagnostic, LambdaEvent};
use pace::Pace;
use round::Round;
use run::{Run, within};
use serde_json::Value;
use table::{Due, key::DueItem};

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
    let summary = tell(Run::new(notifier, event.now, deadline), &event).await.map_err(Failure::report)?;
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
    let keys: Vec<_> = due.iter().filter_map(key_of).collect();
    let entries = look::look(&mut run, &keys).await;
    let mails: Vec<_> = due.iter().filter_map(mail_of).collect();
    let mails = resume::unfinished(&mut run, &mails).await;
    let mut round = Round::new(entries, mails);
    if !round.parcels.is_empty() {
        let mut pace = Pace::start(&run.notifier.post, run.share(&event.shards)).await?;
        announce::announce(&mut run, &mut round, &mut pace).await;
    }
    Ok(finish(run, &round).await)
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

fn key_of(due: &Due) -> Option<(KeyId, Time)> {
    match due.item {
        DueItem::AccessKey(key_id) => Some((key_id, due.due_at)),
        DueItem::Mail { .. } | DueItem::Outbox { .. } => None,
    }
}

fn mail_of(due: &Due) -> Option<resume::Place> {
    match due.item {
        DueItem::Mail { user_id, mail_id } => Some((user_id, mail_id)),
        DueItem::AccessKey(_) | DueItem::Outbox { .. } => None,
    }
}

async fn finish(mut run: Run<'_>, round: &Round) -> Summary {
    run.advance_all().await;
    run.summary.skipped += round.count_silent();
    run.summary.left_over += round.count_open();
    run.summary
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

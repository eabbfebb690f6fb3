//! Mails the people whom a key's expiry concerns, before it expires and when it has.
//!
//! Every notice is claimed before it is sent, and its mail is marked after: a run may end anywhere,
//! and the next one goes on from what the table holds. *Now* is the time of the event; the clock is
//! read for leases and for the deadline alone.

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
use run::Run;
use serde_json::Value;
use table::{Due, key::DueItem};

pub use event::Summary;
pub use settings::Notifier;

/// The most entries of the index that one run takes on; it holds them all in memory.
const MOST_DUE: usize = 50_000;

/// Tells whom it concerns of all that is due, and answers how far it came.
pub async fn notify_expiring_keys(
    notifier: &Notifier,
    event: LambdaEvent<Value>,
) -> Result<Summary, Diagnostic> {
    let deadline = Time::from_milliseconds(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
    let event = Event::read(event.payload, notifier.app.table.due_shards()).map_err(Failure::report)?;
    let summary = tell(Run::new(notifier, event.now, deadline), &event).await.map_err(Failure::report)?;
    summary.log();
    Ok(summary)
}

async fn tell(mut run: Run<'_>, event: &Event) -> Result<Summary, Failure> {
    let due = find(&run, &event.shards).await?;
    let keys: Vec<_> = due.iter().filter_map(key_of).collect();
    let mut round = look::look(&mut run, &keys).await;
    let mails: Vec<_> = due.iter().filter_map(mail_of).collect();
    if !(round.parcels.is_empty() && mails.is_empty()) {
        let mut pace = Pace::start(&run.notifier.post, run.share(&event.shards)).await?;
        announce::announce(&mut run, &mut round, &mut pace).await;
        resume::resume(&mut run, &mails, &mut pace).await;
    }
    Ok(finish(run, &round).await)
}

/// Lists what is due, the longest due first.
async fn find(run: &Run<'_>, shards: &[u32]) -> Result<Vec<Due>, Failure> {
    let mut due = Vec::new();
    for shard in shards {
        due.extend(run.notifier.app.table.due(*shard, run.now, MOST_DUE / shards.len()).await?);
    }
    due.sort_by_key(|due| due.due_at);
    Ok(due)
}

fn key_of(due: &Due) -> Option<(KeyId, Time)> {
    match due.item {
        DueItem::AccessKey(key_id) => Some((key_id, due.due_at)),
        DueItem::Mail { .. } => None,
    }
}

fn mail_of(due: &Due) -> Option<resume::Place> {
    match due.item {
        DueItem::Mail { user_id, mail_id } => Some((user_id, mail_id)),
        DueItem::AccessKey(_) => None,
    }
}

async fn finish(mut run: Run<'_>, round: &Round) -> Summary {
    run.advance_all().await;
    run.summary.skipped += round.count_silent();
    run.summary.left_over += round.count_open();
    run.summary
}

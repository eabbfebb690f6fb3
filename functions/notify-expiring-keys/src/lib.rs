//! Notifies people that access keys expire, and mails the messages that wait in the outbox.
//!
//! A run has four steps: *collect* what is due, *plan* a digest for each recipient, *send* the digests,
//! and *clean up* after deleted users and organizations.
//!
//! - Each notice is claimed before it is sent, and its mail is marked after. A run may end anywhere; the
//!   next one continues from the state of the table.
//! - *Now* is the time of the event. The clock is read for leases and for the deadline alone.
//! - An item that could not be read is never treated as deleted: its key stays due, its mail stays leased.
//! - A recipient gets at most one mail in a run. An unfinished mail also takes the new notices, unless it
//!   cannot be read. If a recipient has several unfinished mails, the others stay due.
//! - Mails of an organization to addresses that no sign-in proved are limited per UTC day. Mails beyond the limit
//!   wait for the next day, and none of their notices is claimed before.
//! - Mails and messages to a suspended recipient are held: no run reads them until the suspension is lifted.
//! - A mail that failed waits longer each time, and comes after all mails that failed less often.
//! - Inboxes do not depend on SES: they are filled before the first mail.

mod address;
mod advances;
mod clean_up;
mod collect;
mod directory;
mod email;
mod expiring_keys;
mod failure;
mod input;
mod plan;
mod recipients;
mod run;
mod send;
mod settings;
mod summary;
mod urgency;

use advances::AdvanceQueue;
use clean_up::{clean_up, clean_up_organizations};
use collect::{Collected, collect};
use directory::Directory;
use failure::Failure;
use input::ScheduleInput;
use lambda_runtime::{Diagnostic, LambdaEvent};
use plan::{Plan, turns::in_turns};
use run::Run;
use send::{Delivery, send};
use serde_json::Value;

pub use settings::Notifier;
pub use summary::Summary;

/// Sends all notices and messages that are due, and answers a summary.
pub async fn notify_expiring_keys(
    notifier: &Notifier,
    event: LambdaEvent<Value>,
) -> Result<Summary, Diagnostic> {
    let input = ScheduleInput::parse(event.payload, notifier.app.table.due_shards());
    let input = input.map_err(Failure::report)?;
    let run = Run::new(input.now, event.context.deadline, notifier.clock);
    // On the heap, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
    let summary = Box::pin(notify(notifier, &run, &input.shards)).await.map_err(Failure::report)?;
    summary.log(run.lag(), notifier.daily_count.count(&run, &notifier.app.table).await);
    Ok(summary)
}

async fn notify(notifier: &Notifier, run: &Run, shards: &[u32]) -> Result<Summary, Failure> {
    let table = &notifier.app.table;
    let (mut directory, advances) = (Directory::new(table, &notifier.mail_domains), AdvanceQueue::new(table));

    let collected = collect(run, &notifier.app, &mut directory, &advances, shards).await?;
    let Collected {
        notices,
        unfinished_mails,
        messages,
        parting_mails,
        deleted_users,
        deleted_organizations,
    } = collected;
    let (plan, digests) = Plan::new(notices, unfinished_mails, messages);
    let delivery = Delivery { run, notifier, directory: &directory, advances: &advances, plan: &plan };
    let daily_limit = send(&delivery, in_turns(digests, parting_mails), shards).await;
    clean_up(run, table, &mut directory, &deleted_users).await;
    clean_up_organizations(run, table, &deleted_organizations).await;

    // At once, so that both end before the deadline.
    futures_util::join!(advances.flush(), daily_limit.return_rest(run, notifier));
    run.count(|summary| {
        summary.skipped += plan.count_skipped();
        summary.left_over += plan.count_left_over();
        summary.beyond_share += plan.count_beyond_mails();
    });
    Ok(run.summary())
}

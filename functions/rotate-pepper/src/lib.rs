//! Rotates the pepper: makes its unused next version the current one, and adds a new next version.
//!
//! - A warm instance knows the next version long before a secret is hashed under it, so a rotation is never noticed.
//! - Nothing that ever was current is removed: stored verifiers name it. A leak discards the next version if this function wrote the
//!   document, every kept value could be read, and the version was current in none of them. Else it stays and never becomes current.
//! - A run reads every value of the secret that Secrets Manager keeps. So a pepper that somebody set back or wrote by hand gets no
//!   version whose name was in use, and a version that was current once is not taken for an unused one.
//! - A run writes once, and what it writes follows from the version that it read: Secrets Manager takes the token of the write
//!   once. So of runs at once one writes, and a repeated run does nothing.
//! - No value of the pepper is in an answer, an error or the log.

mod document;
mod failure;
mod input;
mod outcome;
mod past;
mod rotation;
mod settings;
mod summary;
mod write_token;

use api::app::Put;
use document::Document;
use failure::Failure;
use input::Input;
use lambda_runtime::{Diagnostic, LambdaEvent};
use past::Past;
use rotation::Rotation;
use serde_json::Value;

pub use outcome::Outcome;
pub use settings::PepperRotator;
pub use summary::Summary;

/// How often a run begins anew because another one was faster.
const MAX_ATTEMPTS: u32 = 3;

/// Rotates the pepper, and answers the names of its versions.
pub async fn rotate_pepper(
    rotator: &PepperRotator,
    event: LambdaEvent<Value>,
) -> Result<Summary, Diagnostic> {
    let input = Input::parse(event.payload).map_err(Failure::report)?;
    // On the heap, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
    let summary = Box::pin(rotate(rotator, &input)).await.map_err(Failure::report)?;
    tracing::info!(status = ?summary.outcome, "finished a run of the pepper");
    Ok(summary)
}

async fn rotate(rotator: &PepperRotator, input: &Input) -> Result<Summary, Failure> {
    let mut refused = None;
    for _ in 0..MAX_ATTEMPTS {
        let read = rotator.pepper.read_version().await?;
        let mut document = Document::parse(&read.text)?;
        if refused.as_ref() == Some(&read.id) {
            return Err(Failure::SetBack);
        }
        let was_faster = refused.is_some() && !input.leaked;
        // Whoever wrote after the scheduled time had this event, or a later one.
        let is_written_since = input.time.is_some_and(|time| read.created > time.seconds() * 1_000);
        let is_ours = write_token::is_ours(&read.id);
        let is_repeated = is_written_since && is_ours;
        let past = Past::read(&rotator.pepper, &read.id).await?;
        let rotation = Rotation { past: &past, is_ours };
        warn_of_lost_versions(&past, &document);
        if was_faster || is_repeated {
            return Ok(Summary::new(Outcome::Unchanged, &document, rotation.next(&document)));
        }
        let (outcome, next) = rotation.rotate(&mut document, input.leaked)?;
        match rotator.pepper.put(&write_token::after(&read.id), document.to_text()?).await? {
            Put::Done => return Ok(Summary::new(outcome, &document, Some(&next))),
            Put::TokenTaken => refused = Some(read.id),
        }
    }
    Err(Failure::Overtaken)
}

/// Warns of versions that keys may name and the document lacks. The rotation goes on: it makes this no worse.
fn warn_of_lost_versions(past: &Past, document: &Document) {
    let lost = past.lost(document);
    if !lost.is_empty() {
        tracing::warn!(
            causes = lost.join(", "),
            "the pepper lacks versions that were current before: keys that name them fail"
        );
    }
}

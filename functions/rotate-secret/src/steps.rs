//! The four steps of a rotation.

use api::{Metric, Metrics, Unit};

use crate::{
    api_client::{Whoami, rotate, whoami},
    document::Document,
    event::{RotationEvent, Step},
    rotator::Rotator,
    stop::{ApiFailure, Stop},
    versions::Stage,
};

/// The fewest days that a rotated key may have left, days. Below it a rotation is reported as failed.
const FEWEST_DAYS_LEFT: i64 = 14;

/// Carries out a step. What is done already is not done again.
pub(crate) async fn carry_out(rotator: &Rotator, event: &RotationEvent) -> Result<(), Stop> {
    let stage = rotator.versions.stage(&event.secret_id, &event.version).await?;
    match (event.step, stage) {
        (Step::Create, Stage::Pending { .. }) => create(rotator, event).await,
        (Step::Test, Stage::Pending { .. }) => test(rotator, event).await,
        (Step::Finish, Stage::Pending { current }) => {
            rotator.versions.make_current(&event.secret_id, current, &event.version).await?;
            check_days_left(rotator, event).await
        }
        (Step::Finish, Stage::Current) => check_days_left(rotator, event).await,
        // The key has its new secret since the first step.
        (Step::Set, _) | (Step::Create | Step::Test, Stage::Current) => Ok(()),
    }
}

/// Rotates the key and stores its new secret as pending, unless a pending one works.
async fn create(rotator: &Rotator, event: &RotationEvent) -> Result<(), Stop> {
    let Rotator { aws, versions } = rotator;
    let current = Document::parse(&versions.current(&event.secret_id).await?)?;
    if let Some(pending) = versions.pending(&event.secret_id, &event.version).await? {
        return keep_or_discard(rotator, event, &current, &pending).await;
    }
    let renewed = rotate(aws, &current).await?;
    versions.put_pending(&event.secret_id, &event.version, renewed.render()).await
}

/// Keeps a pending value that works.
///
/// A version never gets another value. If its value was replaced, by an event that came twice, the version gives its label
/// back, and the next rotation begins with a new one. It is known to be replaced if the current value works.
async fn keep_or_discard(
    rotator: &Rotator,
    event: &RotationEvent,
    current: &Document,
    pending: &str,
) -> Result<(), Stop> {
    let refused = match Document::parse(pending) {
        Ok(pending) => match whoami(&rotator.aws, &pending).await {
            Ok(answer) if answer.is_of(&pending) && pending.key_id() == current.key_id() => return Ok(()),
            Ok(_) => Stop::OtherKey,
            Err(error @ ApiFailure::Refused(_)) => error.into(),
            Err(error) => return Err(error.into()),
        },
        Err(error) => error.into(),
    };
    match whoami(&rotator.aws, current).await {
        Ok(answer) if answer.is_of(current) => {
            rotator.versions.discard_pending(&event.secret_id, &event.version).await?;
            Err(Stop::Discarded)
        }
        _ => Err(refused),
    }
}

/// Checks that the pending secret works, and for the same key as the current one.
async fn test(rotator: &Rotator, event: &RotationEvent) -> Result<(), Stop> {
    let Rotator { aws, versions } = rotator;
    let pending = versions.pending(&event.secret_id, &event.version).await?.ok_or(Stop::NoPending)?;
    let pending = Document::parse(&pending)?;
    let current = Document::parse(&versions.current(&event.secret_id).await?)?;
    let is_same = pending.key_id() == current.key_id();
    if is_same && whoami(aws, &pending).await?.is_of(&pending) { Ok(()) } else { Err(Stop::OtherKey) }
}

/// Reports how long the key lives. Comes last: the failure leaves a secret that works.
async fn check_days_left(rotator: &Rotator, event: &RotationEvent) -> Result<(), Stop> {
    let current = Document::parse(&rotator.versions.current(&event.secret_id).await?)?;
    let Whoami { expires_in_days: Some(days), .. } = whoami(&rotator.aws, &current).await? else {
        return Ok(());
    };
    let metric: [Metric; 1] = [("days_left", Unit::Count, u64::try_from(days).unwrap_or(0))];
    tracing::info!(metrics = %Metrics::of(&metric), "rotated the secret");
    if expires_soon(days) { Err(Stop::ExpiresSoon(days)) } else { Ok(()) }
}

/// Tells whether a key with this many days left is reported.
const fn expires_soon(days: i64) -> bool {
    days < FEWEST_DAYS_LEFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_has_less_than_14_days_expires_soon() {
        assert_eq!([-1, 0, 13, 14, 15].map(expires_soon), [true, true, true, false, false]);
    }
}

//! Checks that two tables can be the old and the restored one.

use aws_sdk_dynamodb::types::TableDescription;
use domain::Time;

/// Why a replay does not start.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Both are one table.
    #[error("the old and the restored table are the same")]
    SameTable,
    /// The restored table is the older one.
    #[error("the restored table was created before the old one: exchange --old-table and --restored-table")]
    Exchanged,
    /// The restored table comes from another one.
    #[error("the restored table was restored from {0}")]
    RestoredFromAnother(String),
    /// Events between the restored instant and `--since` would be left out.
    #[error("--since is later than the restored instant, {0}")]
    SinceTooLate(Time),
    /// `--since` is later than now.
    #[error("--since lies in the future")]
    SinceInFuture,
    /// Events since then are gone.
    #[error("--since lies before the retention of audit events: the first events since then are gone")]
    SinceTooEarly,
}

/// Checks the tables by their descriptions. The old one may be gone.
///
/// `DynamoDB` names the source and the instant of a restore. A table without them was not made by a restore, and passes.
pub fn tables(
    old: Option<&TableDescription>,
    restored: &TableDescription,
    since: Time,
) -> Result<(), CheckError> {
    if old.is_some_and(|old| old.table_arn == restored.table_arn) {
        return Err(CheckError::SameTable);
    }
    if old.is_some_and(|old| restored.creation_date_time < old.creation_date_time) {
        return Err(CheckError::Exchanged);
    }
    let Some(restore) = &restored.restore_summary else { return Ok(()) };
    if let (Some(old), Some(source)) = (old, &restore.source_table_arn)
        && old.table_arn.as_ref() != Some(source)
    {
        return Err(CheckError::RestoredFromAnother(source.clone()));
    }
    let instant = Time::from_seconds(restore.restore_date_time.secs());
    if since > instant { Err(CheckError::SinceTooLate(instant)) } else { Ok(()) }
}

/// Checks the instant against the present, and against the days for which audit events are kept; `None` if none are read.
pub fn since(since: Time, now: Time, audit_retention_days: Option<u32>) -> Result<(), CheckError> {
    if since > now {
        return Err(CheckError::SinceInFuture);
    }
    let kept_from = audit_retention_days.map(|days| now.plus(-86_400 * i64::from(days)));
    if kept_from.is_some_and(|kept_from| since <= kept_from) {
        Err(CheckError::SinceTooEarly)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{primitives::DateTime, types::RestoreSummary};

    use super::*;

    const AT: Time = Time::from_seconds(1_000_000);

    fn table(name: &str, created: i64) -> TableDescription {
        TableDescription::builder()
            .table_arn(format!("arn:aws:dynamodb:eu-west-1:000000000000:table/{name}"))
            .creation_date_time(DateTime::from_secs(created))
            .build()
    }

    fn restored_from(source: &str, instant: i64) -> TableDescription {
        let restore = RestoreSummary::builder()
            .source_table_arn(format!("arn:aws:dynamodb:eu-west-1:000000000000:table/{source}"))
            .restore_date_time(DateTime::from_secs(instant))
            .restore_in_progress(false);
        let mut restored = table("restored", 2);
        restored.restore_summary = Some(restore.build().unwrap());
        restored
    }

    #[test]
    fn the_restored_table_is_another_and_younger_one() {
        let old = table("old", 1);
        assert_eq!(tables(Some(&old), &old, AT), Err(CheckError::SameTable));
        assert_eq!(tables(Some(&table("restored", 2)), &old, AT), Err(CheckError::Exchanged));
        assert_eq!(tables(Some(&old), &table("restored", 2), AT), Ok(()));
    }

    #[test]
    fn the_instant_is_not_later_than_that_of_the_restore() {
        let (old, instant) = (table("old", 1), AT.seconds());
        for old in [Some(&old), None] {
            assert_eq!(tables(old, &restored_from("old", instant), AT), Ok(()));
            assert_eq!(tables(old, &restored_from("old", instant + 1), AT), Ok(()));
            let too_late = Err(CheckError::SinceTooLate(AT.plus(-1)));
            assert_eq!(tables(old, &restored_from("old", instant - 1), AT), too_late);
        }
        let another = tables(Some(&old), &restored_from("another", instant), AT);
        assert!(matches!(another, Err(CheckError::RestoredFromAnother(_))), "{another:?}");
    }

    #[test]
    fn the_instant_lies_in_the_past_and_its_events_are_kept() {
        assert_eq!(since(AT, AT, Some(1)), Ok(()));
        assert_eq!(since(AT.plus(1), AT, None), Err(CheckError::SinceInFuture));
        assert_eq!(since(AT, AT.plus(86_399), Some(1)), Ok(()));
        assert_eq!(since(AT, AT.plus(86_400), Some(1)), Err(CheckError::SinceTooEarly));
        assert_eq!(since(AT, AT.plus(86_400), None), Ok(()));
    }
}

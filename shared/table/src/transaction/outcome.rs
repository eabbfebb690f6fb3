//! Classifies the errors of `TransactWriteItems`.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, error::TransactionCanceledException},
};

/// What an error of a transaction means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The conditions at these positions do not hold: never none.
    Refused(Vec<usize>),
    /// Another transaction changes the same items: nothing was changed.
    Conflict,
    /// It is throttled, or an earlier attempt is still at work.
    Passing,
    Failed,
}

pub(super) fn outcome_of<R>(error: &SdkError<TransactWriteItemsError, R>) -> Outcome {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons().iter().enumerate();
            let refused: Vec<_> = reasons
                .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
                .map(|(position, _)| position)
                .collect();
            if !refused.is_empty() {
                Outcome::Refused(refused)
            } else if has_reason(cancelled, &["TransactionConflict"]) {
                Outcome::Conflict
            } else if has_reason(cancelled, &["ProvisionedThroughputExceeded", "ThrottlingError"]) {
                Outcome::Passing
            } else {
                Outcome::Failed
            }
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Outcome::Passing,
        _ => Outcome::Failed,
    }
}

fn has_reason(cancelled: &TransactionCanceledException, codes: &[&str]) -> bool {
    let mut reasons = cancelled.cancellation_reasons().iter().filter_map(CancellationReason::code);
    reasons.any(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::error::TransactionInProgressException;

    use super::*;

    fn of(error: TransactWriteItemsError) -> Outcome {
        outcome_of(&SdkError::service_error(error, ()))
    }

    fn cancelled(codes: &[&str]) -> Outcome {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        let reasons = codes.iter().map(reason).collect();
        let error = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build();
        of(TransactWriteItemsError::TransactionCanceledException(error))
    }

    #[test]
    fn a_condition_that_does_not_hold_refuses_whatever_else_happened() {
        let refused =
            cancelled(&["None", "ConditionalCheckFailed", "TransactionConflict", "ConditionalCheckFailed"]);
        assert_eq!(refused, Outcome::Refused(vec![1, 3]));
    }

    #[test]
    fn conflicts_throttles_and_earlier_attempts_at_work_pass_and_other_errors_are_failures() {
        for (code, outcome) in [
            ("TransactionConflict", Outcome::Conflict),
            ("ProvisionedThroughputExceeded", Outcome::Passing),
            ("ThrottlingError", Outcome::Passing),
            ("ItemCollectionSizeLimitExceeded", Outcome::Failed),
            ("ValidationError", Outcome::Failed),
        ] {
            assert_eq!(cancelled(&["None", code]), outcome, "{code}");
        }
        assert_eq!(cancelled(&[]), Outcome::Failed);
        let at_work = TransactionInProgressException::builder().build();
        assert_eq!(of(TransactWriteItemsError::TransactionInProgressException(at_work)), Outcome::Passing);
    }
}

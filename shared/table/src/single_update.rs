//! Conditional updates of one item, outside a transaction.

use aws_sdk_dynamodb::operation::update_item::{
    UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
};

use crate::{
    Error,
    retry::{MAX_ATTEMPTS, backoff},
};

/// Sends an update. Returns `None` if its condition does not hold: nothing was changed then.
///
/// A transaction that changes the same item at that moment is waited out. After [`Error::Failed`] it is unknown whether
/// the item was changed.
pub(crate) async fn update_if(request: UpdateItemFluentBuilder) -> Result<Option<UpdateItemOutput>, Error> {
    const OPERATION: &str = "UpdateItem";
    for attempt in 0..MAX_ATTEMPTS {
        backoff(attempt).await;
        let error = match request.clone().send().await {
            Ok(output) => return Ok(Some(output)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(None),
            Some(UpdateItemError::TransactionConflictException(_)) => {}
            _ => return Err(Error::failed(OPERATION, error)),
        }
    }
    Err(Error::Contended { operation: OPERATION })
}

//! Writes of one item, outside a transaction. A transaction that changes the same item at that moment is waited out.

use aws_sdk_dynamodb::operation::{
    delete_item::{DeleteItemError, builders::DeleteItemFluentBuilder},
    update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
};

use crate::{
    Error,
    retry::{MAX_ATTEMPTS, backoff},
};

/// Sends an update. Returns `None` if its condition does not hold: nothing was changed then.
///
/// After [`Error::Failed`] it is unknown whether the item was changed.
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

/// Sends a delete that has no condition.
///
/// After [`Error::Failed`] it is unknown whether the item is gone.
pub(crate) async fn delete(request: DeleteItemFluentBuilder) -> Result<(), Error> {
    const OPERATION: &str = "DeleteItem";
    for attempt in 0..MAX_ATTEMPTS {
        backoff(attempt).await;
        match request.clone().send().await {
            Ok(_) => return Ok(()),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::TransactionConflictException(_)) => {}
                _ => return Err(Error::failed(OPERATION, error)),
            },
        }
    }
    Err(Error::Contended { operation: OPERATION })
}

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::{Time, id::KeyId};

use crate::{
    Error, Refusal, Table, ChangeRecords, Transaction,
    item::{number, primary},
    key,
    transaction::Expression,
};

impl Table {
    /// Notes that a key was used, unless that was noted less than `every` seconds ago.
    pub async fn touch_access_key(&self, key_id: KeyId, now: Time, every: i64) -> Result<(), Error> {
        let result = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(primary(key::access_key(key_id))))
            .update_expression("SET last_used_at = :now")
            .condition_expression(
                "attribute_exists(PK) AND (attribute_not_exists(last_used_at) OR last_used_at <= :old)",
            )
            .expression_attribute_values(":now", number(now.seconds()))
            .expression_attribute_values(":old", number(now.plus(-every).seconds()))
            .send()
            .await;
        match result {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            other => other.map(|_| ()).map_err(|error| Error::failed("UpdateItem", error)),
        }
    }

    /// Tells, by a trail, that a retired secret of a key was used, unless that was told less than
    /// `every` seconds ago.
    pub async fn record_secret_reuse(
        &self,
        key_id: KeyId,
        now: Time,
        every: i64,
        trail: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::leaving(self, trail);
        let told = Expression::new("SET reuse_told_at = :now")
            .value(":now", number(now.seconds()))
            .value(":old", number(now.plus(-every).seconds()));
        let due = "attribute_exists(PK) AND (attribute_not_exists(reuse_told_at) OR reuse_told_at <= :old)";
        transaction.update(self, key::access_key(key_id), told, due, OnConditionFailed::Conflict);
        match self.commit(transaction).await {
            Err(Error::Conflict) => Ok(()),
            other => other,
        }
    }
}

//! Records of use: the last use of a key, and the use or the report of a retired secret.

use domain::{Time, id::KeyId};

use crate::{
    ChangeRecords, Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{number, primary},
    item_key,
    single_write::update_if,
};

impl Table {
    /// Records the use of a key, unless a use was recorded less than `every` seconds ago.
    pub async fn touch_access_key(&self, key_id: KeyId, now: Time, every: i64) -> Result<(), Error> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(primary(item_key::access_key(key_id))))
            .update_expression("SET last_used_at = :now")
            .condition_expression(
                "attribute_exists(PK) AND (attribute_not_exists(last_used_at) OR last_used_at <= :old)",
            )
            .expression_attribute_values(":now", number(now.seconds()))
            .expression_attribute_values(":old", number(now.plus(-every).seconds()));
        update_if(request).await.map(|_| ())
    }

    /// Records the use of a retired secret, unless one was recorded less than `every` seconds ago.
    pub async fn record_secret_reuse(
        &self,
        key_id: KeyId,
        now: Time,
        every: i64,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        self.record_retired_secret("reuse_told_at", key_id, (now, every), records).await
    }

    /// Records the report of a retired secret, unless one was recorded less than `every` seconds ago.
    pub async fn record_retired_secret_report(
        &self,
        key_id: KeyId,
        now: Time,
        every: i64,
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        self.record_retired_secret("report_told_at", key_id, (now, every), records).await
    }

    /// Writes the records with the time in an attribute of the key, once in `every` seconds.
    async fn record_retired_secret(
        &self,
        attribute: &'static str,
        key_id: KeyId,
        (now, every): (Time, i64),
        records: ChangeRecords<'_>,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::with(self, records);
        let recorded = Expression::new("SET #notified = :now").value(":now", number(now.seconds()));
        let due = Expression::exists()
            .and(" AND (attribute_not_exists(#notified) OR #notified <= :old)")
            .name("#notified", attribute)
            .value(":old", number(now.plus(-every).seconds()));
        transaction.update(item_key::access_key(key_id), recorded, due, OnConditionFailed::Conflict);
        match transaction.commit().await {
            Err(Error::Conflict) => Ok(()),
            other => other,
        }
    }
}

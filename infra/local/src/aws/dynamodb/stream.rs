//! Reads the stream of a table.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use dynoxide::Database;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::DynamoDb;
use crate::{clock::machine_time, error::StackError, random};

/// Seconds for which a stream keeps a record.
const RETENTION: i64 = 86_400;

/// Where a reader is: the sequence number of the last record that it read of each shard.
pub(crate) type Position = BTreeMap<String, String>;

/// Drops the records that are past their retention, and lets the engine find the last record by an index.
///
/// Without it each write would search all records of the stream: a long test would take the square of its time.
pub(super) fn prepare(database: &Database, file: Option<PathBuf>) -> Result<(), StackError> {
    let Some(file) = file else {
        // The engine gives nobody the connection of a database in memory. So a copy of the empty one gets the index.
        let copy = std::env::temp_dir().join(format!("access-keys-{}.sqlite", random::uuid()));
        let prepared = database
            .vacuum_into(&copy.to_string_lossy())
            .map_err(|error| error.to_string())
            .and_then(|()| index(&copy).map_err(|error| error.to_string()))
            .and_then(|()| database.restore_from(&copy.to_string_lossy()).map_err(|error| error.to_string()));
        std::fs::remove_file(&copy).ok();
        return prepared.map_err(failed);
    };
    index(&file).map_err(|error| failed(error.to_string()))
}

fn index(file: &Path) -> Result<(), rusqlite::Error> {
    let connection = Connection::open(file)?;
    connection.execute_batch(&format!(
        "CREATE INDEX IF NOT EXISTS local_stack_stream
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         DELETE FROM _stream_records WHERE created_at < {};",
        machine_time().as_second() - RETENTION
    ))
}

fn failed(message: String) -> StackError {
    StackError::Table { endpoint: "the engine in this process".to_owned(), message }
}

impl DynamoDb {
    /// Reads the records of a table's stream after a position, and moves the position behind them. A table without a
    /// stream has none.
    pub(crate) async fn stream_records(
        &self,
        table: &str,
        position: &mut Position,
    ) -> Result<Vec<Value>, StackError> {
        let mut all = Vec::new();
        let described = self.ask("DynamoDB_20120810.DescribeTable", &json!({ "TableName": table })).await?;
        let Some(stream) = described["Table"]["LatestStreamArn"].as_str() else { return Ok(all) };
        let request = json!({ "StreamArn": stream });
        let described = self.ask("DynamoDBStreams_20120810.DescribeStream", &request).await?;
        for shard in described["StreamDescription"]["Shards"].as_array().into_iter().flatten() {
            let shard = shard["ShardId"].as_str().unwrap_or_default();
            let place = format!("{stream} {shard}");
            let mut request =
                json!({ "StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
            if let Some(last) = position.get(&place) {
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                request["SequenceNumber"] = last.as_str().into();
            }
            let mut iterator =
                self.ask("DynamoDBStreams_20120810.GetShardIterator", &request).await?["ShardIterator"]
                    .take();
            while iterator.is_string() {
                let request = json!({ "ShardIterator": iterator });
                let mut page = self.ask("DynamoDBStreams_20120810.GetRecords", &request).await?;
                let Value::Array(records) = page["Records"].take() else { break };
                let Some(last) = records.last() else { break };
                let last = last["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
                position.insert(place.clone(), last.to_owned());
                all.extend(records);
                iterator = page["NextShardIterator"].take();
            }
        }
        Ok(all)
    }

    async fn ask(&self, target: &str, request: &Value) -> Result<Value, StackError> {
        self.call_target(target, request).await?.map_err(|message| self.error(message))
    }
}

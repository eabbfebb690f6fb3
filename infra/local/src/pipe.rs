//! `EventBridge` Pipes: takes the records of the table's stream, and puts those that pass its filter on the bus.
//!
//! The filter, the template of the events and the role are those of `template.yaml`. The pipe runs when somebody asks for
//! what arrived, so that nobody waits for it.

pub(crate) mod event_pattern;
pub(crate) mod input_template;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::input_template::value_at;
use crate::{
    aws::{Aws, bus::EventEntry, calls::Service, dynamodb::stream::Position, faults::Effect},
    data::DataDirectory,
    error::StackError,
    template::pipe::PipeDeclaration,
};

const FILE: &str = "pipe.json";

/// How often the pipe tries to deliver an event.
const DELIVERY_ATTEMPTS: usize = 3;

/// The pipe of the template, if it has one.
#[derive(Debug)]
pub(crate) struct Pipe {
    declared: Option<PipeDeclaration>,
    table: Option<String>,
    aws: Arc<Aws>,
    data: DataDirectory,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    position: Position,
    /// The messages of the queue: each names a record that could not be delivered, and says why.
    undelivered: Vec<Value>,
}

impl Pipe {
    /// Continues where an earlier start left off. `table` is the name of the table whose stream is the source.
    pub(crate) fn open(
        declared: Option<PipeDeclaration>,
        table: Option<String>,
        aws: Arc<Aws>,
        data: DataDirectory,
    ) -> Result<Self, StackError> {
        let position = match data.read(FILE)? {
            Some(stored) => serde_json::from_slice(&stored).map_err(|_| data.damaged(FILE))?,
            None => Position::new(),
        };
        let state = Mutex::new(State { position, undelivered: Vec::new() });
        Ok(Self { declared, table, aws, data, state })
    }

    /// Takes all new records, and returns every event that is on the bus.
    pub(crate) async fn events(&self) -> Result<Vec<Value>, StackError> {
        self.run().await?;
        Ok(self.aws.bus.events())
    }

    /// Takes all new records, and returns the messages of the queue.
    pub(crate) async fn undelivered(&self) -> Result<Vec<Value>, StackError> {
        self.run().await?;
        Ok(self.state.lock().await.undelivered.clone())
    }

    /// Takes all new records, and forgets every event that is on the bus.
    pub(crate) async fn clear(&self) -> Result<(), StackError> {
        self.run().await?;
        self.aws.bus.clear()
    }

    async fn run(&self) -> Result<(), StackError> {
        let (Some(declared), Some(table)) = (&self.declared, &self.table) else { return Ok(()) };
        for action in ["ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"] {
            let action = format!("dynamodb:{action}");
            let allowed = self.aws.permissions.allow(&declared.name, &action, &declared.source);
            allowed.map_err(|message| StackError::Pipe { message })?;
        }
        let mut state = self.state.lock().await;
        let before = state.position.clone();
        let records = self.aws.dynamodb.stream_records(table, &mut state.position).await?;
        for record in records {
            if !declared.patterns.iter().any(|pattern| pattern.matches(&record)) {
                continue;
            }
            if let Err(reason) = self.deliver(declared, &record) {
                let allowed = self.aws.permissions.allow(&declared.name, "sqs:SendMessage", &declared.queue);
                allowed.map_err(|message| StackError::Pipe { message })?;
                let number = record["dynamodb"]["SequenceNumber"].clone();
                state.undelivered.push(json!({ "sequence_number": number, "reason": reason }));
            }
        }
        if state.position != before {
            self.data.write(FILE, json!(state.position).to_string().as_bytes())?;
        }
        Ok(())
    }

    /// Puts the event of a record on the bus, at least once. The error says why it could not.
    fn deliver(&self, declared: &PipeDeclaration, record: &Value) -> Result<(), String> {
        let detail = declared.input_template.fill(record)?;
        let detail_type = if declared.detail_type.starts_with("$.") {
            value_at(&declared.detail_type, record).and_then(Value::as_str)
        } else {
            Some(declared.detail_type.as_str())
        };
        let detail_type = detail_type.ok_or("the record has no detail-type")?.to_owned();
        let (source, detail) = (declared.event_source.clone(), detail.to_string());
        let entry = EventEntry { source, detail_type, detail, time: None };
        let mut failure = String::new();
        for _ in 0..DELIVERY_ATTEMPTS {
            match self.put(declared, &entry) {
                Ok(()) => return Ok(()),
                Err(reason) => failure = reason,
            }
        }
        Err(failure)
    }

    fn put(&self, declared: &PipeDeclaration, entry: &EventEntry) -> Result<(), String> {
        let effects = self.aws.strike(Service::EventBridge, "PutEvents");
        self.aws.permissions.allow(&declared.name, "events:PutEvents", &declared.bus)?;
        if let Some(effect) = effects.iter().find(|effect| **effect != Effect::LoseReply) {
            return Err(format!("{effect:?}"));
        }
        self.aws.bus.put(entry).map_err(str::to_owned)?;
        if effects.is_empty() { Ok(()) } else { Err("the reply was lost".to_owned()) }
    }
}

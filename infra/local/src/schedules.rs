//! `EventBridge` Scheduler: runs functions on their schedules, or on request.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    clock::Clock,
    runtime::{FunctionError, Runtime},
    tasks::Tasks,
    template::functions::Schedule,
};

/// The schedules of the template.
#[derive(Debug)]
pub(crate) struct Schedules {
    declared: Vec<Schedule>,
    runtime: Arc<Runtime>,
    clock: Clock,
}

impl Schedules {
    pub(crate) fn new(declared: Vec<Schedule>, runtime: Arc<Runtime>, clock: Clock) -> Arc<Self> {
        Arc::new(Self { declared, runtime, clock })
    }

    /// Starts every schedule. A failed run is not retried: the next run does its work.
    pub(crate) fn start(self: &Arc<Self>, tasks: &Tasks) {
        for (index, schedule) in self.declared.iter().enumerate() {
            let Some(every) = schedule.every else { continue };
            let schedules = Arc::clone(self);
            tasks.spawn(async move {
                loop {
                    tokio::time::sleep(every).await;
                    schedules.run(&schedules.declared[index], &Value::Null).await.ok();
                }
            });
        }
    }

    /// Runs a function's schedule now, with fields that override its input; `None` if it has no schedule.
    pub(crate) async fn run_now(
        &self,
        function: &str,
        fields: &Value,
    ) -> Option<Result<Value, FunctionError>> {
        let schedule = self.declared.iter().find(|schedule| schedule.function == function)?;
        Some(self.run(schedule, fields).await)
    }

    async fn run(&self, schedule: &Schedule, fields: &Value) -> Result<Value, FunctionError> {
        let event = event(&schedule.input, &self.clock.now_text(), fields);
        self.runtime.invoke(&schedule.function, &event).await
    }
}

fn event(input: &str, time: &str, fields: &Value) -> Value {
    let input = input.replace("<aws.scheduler.scheduled-time>", time);
    let mut event: Value = serde_json::from_str(&input).unwrap_or(Value::String(input));
    for (name, value) in fields.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_scheduled_time_replaces_its_placeholder_and_given_fields_override_the_input() {
        let input = r#"{"time":"<aws.scheduler.scheduled-time>","shards":[1]}"#;
        assert_eq!(
            event(input, "2026-01-01T00:00:00Z", &Value::Null),
            json!({"time": "2026-01-01T00:00:00Z", "shards": [1]})
        );
        assert_eq!(event(input, "x", &json!({"time": "y"})), json!({"time": "y", "shards": [1]}));
    }
}

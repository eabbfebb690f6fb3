//! Metric filters: metrics from the lines of a log group that a pattern selects.

use serde_json::Value;

use super::{Datapoint, Pattern};

/// A metric filter of the template.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFilter {
    /// The log group.
    pub log_group: String,
    /// The lines that it selects.
    pub pattern: Pattern,
    namespace: String,
    name: String,
    value: f64,
}

impl MetricFilter {
    /// Reads the resolved properties of an `AWS::Logs::MetricFilter`.
    ///
    /// # Panics
    /// When they are not as this reader expects.
    #[must_use]
    pub fn read(properties: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{properties}")).to_owned();
        let transformation = &properties["MetricTransformations"][0];
        Self {
            log_group: text(&properties["LogGroupName"]),
            pattern: Pattern::parse(&text(&properties["FilterPattern"])).expect("a pattern"),
            namespace: text(&transformation["MetricNamespace"]),
            name: text(&transformation["MetricName"]),
            value: text(&transformation["MetricValue"]).parse().expect("a number"),
        }
    }

    /// Returns the value that a line makes; `None` if it is not selected. `CloudWatch` takes the time of the line.
    ///
    /// # Panics
    /// When a selected line has no time.
    #[must_use]
    pub fn datapoint(&self, line: &str) -> Option<Datapoint> {
        if !self.pattern.selects(line) {
            return None;
        }
        let parsed: Value = serde_json::from_str(line).expect("a selected line is JSON");
        // Lambda's own lines have `time`.
        let time = parsed.get("timestamp").unwrap_or(&parsed["time"]);
        let at: jiff::Timestamp = time.as_str()?.parse().expect("a line has its time");
        Some(Datapoint {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            dimensions: [].into(),
            at: at.as_millisecond(),
            value: self.value,
        })
    }
}

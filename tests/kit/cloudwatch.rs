//! `CloudWatch`, as far as `template.yaml` uses it: the metrics that log lines make, and the alarms on them.
//!
//! Rules: [filter patterns](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html),
//! [the Embedded Metric Format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
//! [alarms](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).

mod alarm;
mod embedded_metrics;
mod metric_filter;
mod pattern;

use std::collections::BTreeMap;

pub use alarm::Alarm;
pub use embedded_metrics::embedded_metrics;
pub use metric_filter::MetricFilter;
pub use pattern::Pattern;

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Datapoint {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The dimensions, by name.
    pub dimensions: BTreeMap<String, String>,
    /// Milliseconds since the epoch.
    pub at: i64,
    /// The value.
    pub value: f64,
}

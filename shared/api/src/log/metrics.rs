//! Metrics in `CloudWatch`'s Embedded Metric Format: members of a line, from which `CloudWatch` makes metrics.
//!
//! No metric is by tenant, user or key: each value of a dimension is a metric that costs by the month.

use std::{fmt, sync::OnceLock};

use super::clock::now;

/// The names of the stack and of the function, as JSON strings.
#[derive(Debug)]
struct Names {
    stack: String,
    function: String,
}

/// `None` without a stack: its name is the namespace of all metrics.
static NAMES: OnceLock<Option<Names>> = OnceLock::new();

/// Sets the names once, at the start.
pub(super) fn start(stack: Option<&str>, function: Option<&str>) {
    let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON");
    let names =
        stack.map(|stack| Names { stack: quoted(stack), function: quoted(function.unwrap_or_default()) });
    NAMES.get_or_init(|| names);
}

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A duration in milliseconds.
    Milliseconds,
    /// A duration in seconds.
    Seconds,
}

/// A name, a unit and a value.
pub type Metric = (&'static str, Unit, u64);

/// The metrics of one line, for its field `metrics`, as `metrics = %Metrics::of(&[("Starts", Unit::Count, 1)])`.
#[derive(Debug, Clone, Copy)]
pub struct Metrics<'m> {
    values: &'m [Metric],
    dimensions: Dimensions,
}

/// The dimensions of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimensions {
    Nothing,
    /// The field `reason` of the same line.
    Reason,
    /// The function; the sum over all functions is a metric too.
    Function,
}

/// One failure, by function.
pub const FAILURE: Metrics<'static> =
    Metrics { values: &[("Failures", Unit::Count, 1)], dimensions: Dimensions::Function };

impl<'m> Metrics<'m> {
    /// Makes metrics without dimensions.
    #[must_use]
    pub const fn of(values: &'m [Metric]) -> Self {
        Self { values, dimensions: Dimensions::Nothing }
    }

    /// Adds the dimension `reason`, whose value is that field of the line.
    #[must_use]
    pub const fn by_reason(self) -> Self {
        Self { dimensions: Dimensions::Reason, ..self }
    }
}

impl fmt::Display for Metrics<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Names { stack, function }) = NAMES.get().and_then(Option::as_ref) {
            let dimensions = match self.dimensions {
                Dimensions::Nothing => "[[]]",
                Dimensions::Reason => "[[\"reason\"]]",
                Dimensions::Function => "[[],[\"function\"]]",
            };
            if self.dimensions == Dimensions::Function {
                write!(formatter, "\"function\":{function},")?;
            }
            let now = now();
            write!(
                formatter,
                "\"_aws\":{{\"Timestamp\":{now},\"CloudWatchMetrics\":[{{\"Namespace\":{stack},"
            )?;
            write!(formatter, "\"Dimensions\":{dimensions},\"Metrics\":[")?;
            for (number, (name, unit, _)) in self.values.iter().enumerate() {
                let comma = if number == 0 { "" } else { "," };
                write!(formatter, "{comma}{{\"Name\":\"{name}\",\"Unit\":\"{unit:?}\"}}")?;
            }
            formatter.write_str("]}]},")?;
        }
        for (number, (name, _, value)) in self.values.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(formatter, "{comma}\"{name}\":{value}")?;
        }
        Ok(())
    }
}

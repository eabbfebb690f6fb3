//! Alarms on one metric.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Datapoint;

/// An alarm of the template on one metric.
#[derive(Debug, Clone)]
pub struct Alarm(Value);

impl Alarm {
    /// Takes the resolved properties of an `AWS::CloudWatch::Alarm`.
    #[must_use]
    pub fn new(properties: Value) -> Self {
        Self(properties)
    }

    /// Tells whether the alarm is on after the periods that end with the one of `now`, milliseconds since the epoch.
    ///
    /// # Panics
    /// When the alarm is not as this reader expects.
    #[must_use]
    pub fn is_on(&self, datapoints: &[Datapoint], now: i64) -> bool {
        let period = 1_000 * self.number("Period").expect("a period");
        let periods = self.number("EvaluationPeriods").expect("a number of periods");
        let wanted = self.number("DatapointsToAlarm").unwrap_or(periods);
        let last = now.div_euclid(period);
        let breaching = (last - periods + 1..=last).filter(|number| {
            let inside = |point: &&Datapoint| self.watches(point) && point.at.div_euclid(period) == *number;
            let values: Vec<f64> = datapoints.iter().filter(inside).map(|point| point.value).collect();
            self.breaches(&values)
        });
        i64::try_from(breaching.count()).expect("few periods") >= wanted
    }

    fn watches(&self, point: &Datapoint) -> bool {
        let dimensions = self.0["Dimensions"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let dimensions: BTreeMap<String, String> =
            dimensions.map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"]))).collect();
        self.0["Namespace"] == *point.namespace
            && self.0["MetricName"] == *point.name
            && point.dimensions == dimensions
    }

    /// Tells whether the values of one period are beyond the threshold.
    fn breaches(&self, values: &[f64]) -> bool {
        if values.is_empty() {
            return match self.0["TreatMissingData"].as_str() {
                Some("breaching") => true,
                Some("notBreaching") => false,
                other => panic!("TreatMissingData is {other:?}"),
            };
        }
        let value = match self.0["Statistic"].as_str().expect("a statistic") {
            "Sum" => values.iter().sum(),
            "Minimum" => values.iter().copied().fold(f64::INFINITY, f64::min),
            "Maximum" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            other => panic!("an unknown statistic: {other}"),
        };
        let threshold = decimal(&self.0["Threshold"]).expect("a threshold");
        match self.0["ComparisonOperator"].as_str().expect("an operator") {
            "GreaterThanOrEqualToThreshold" => value >= threshold,
            "GreaterThanThreshold" => value > threshold,
            "LessThanThreshold" => value < threshold,
            other => panic!("an unknown operator: {other}"),
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        let value = &self.0[name];
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }
}

/// Reads a number, or a parameter's value, which is text.
fn decimal(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

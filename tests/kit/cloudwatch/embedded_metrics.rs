//! The Embedded Metric Format: what `CloudWatch` makes of a line.

use serde_json::Value;

use super::Datapoint;

/// Returns the metrics of a line. A line without metrics has none; one whose metrics `CloudWatch` would drop is a defect.
///
/// # Panics
/// When the line has metrics that break the format.
#[must_use]
pub fn embedded_metrics(line: &str) -> Vec<Datapoint> {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return Vec::new() };
    let Some(metadata) = line.get("_aws") else { return Vec::new() };
    let at = metadata["Timestamp"].as_i64().unwrap_or_else(|| panic!("no time: {line}"));
    let mut datapoints = Vec::new();
    for directive in metadata["CloudWatchMetrics"].as_array().unwrap_or_else(|| panic!("no list: {line}")) {
        let namespace = directive["Namespace"].as_str().filter(|name| !name.is_empty() && name.len() <= 1024);
        let namespace = namespace.unwrap_or_else(|| panic!("no namespace: {line}"));
        let sets = directive["Dimensions"].as_array().filter(|sets| !sets.is_empty());
        for set in sets.unwrap_or_else(|| panic!("no set of dimensions: {line}")) {
            let names = set.as_array().filter(|set| set.len() <= 30).unwrap_or_else(|| panic!("{line}"));
            let dimension = |name: &Value| {
                let name = name.as_str().unwrap_or_else(|| panic!("{line}"));
                let value = line[name].as_str().filter(|value| !value.is_empty() && value.len() <= 1024);
                (name.to_owned(), value.unwrap_or_else(|| panic!("no value of {name}: {line}")).to_owned())
            };
            let metrics =
                directive["Metrics"].as_array().filter(|metrics| (1..=100).contains(&metrics.len()));
            for metric in metrics.unwrap_or_else(|| panic!("no metrics: {line}")) {
                let name = metric["Name"].as_str().unwrap_or_else(|| panic!("no name: {line}"));
                let unit = metric["Unit"].as_str().unwrap_or_default();
                assert!(["Count", "Milliseconds", "Seconds"].contains(&unit), "{line}");
                datapoints.push(Datapoint {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    dimensions: names.iter().map(dimension).collect(),
                    at,
                    value: line[name].as_f64().unwrap_or_else(|| panic!("no value of {name}: {line}")),
                });
            }
        }
    }
    datapoints
}

//! Rules of log lines: each field is known, has a name that filters can select, and stands in infra/OPERATE.md where people look.

use std::collections::BTreeSet;

use kit::log_lines::{ALWAYS, METRICS, OF_REQUEST, OTHERS, WHERE_KNOWN, fields};

use super::{
    code::{code_above_tests, sources},
    read,
};

/// The field that is written as the members of metrics.
const METRICS_FIELD: &str = "metrics";

/// Returns the names of the fields of all lines that the code writes.
fn written() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in sources(&["functions", "shared"]).into_iter().filter(|path| !path.ends_with("/tests.rs")) {
        // Names alone are quoted here: what a text holds is no field.
        let text = code_above_tests(&path).join("\n");
        for call in text.split("tracing::").skip(1) {
            let Some((macro_name, rest)) = call.split_once("!(") else { continue };
            if !["trace", "debug", "info", "warn", "error"].contains(&macro_name) {
                continue;
            }
            names.extend(arguments(rest).into_iter().filter_map(|argument| {
                let name =
                    argument.split('=').next().unwrap_or_default().trim().trim_start_matches(['%', '?']);
                let is_field = !name.is_empty() && !name.contains(['"', '(', ':', '&', ' ']);
                is_field.then(|| name.to_owned())
            }));
        }
    }
    names
}

/// Splits the arguments of a call at its commas, up to the parenthesis that ends it.
fn arguments(rest: &str) -> Vec<String> {
    let (mut arguments, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for character in rest.chars() {
        match character {
            '"' => quoted = !quoted,
            '(' | '{' | '[' if !quoted => depth += 1,
            ')' | '}' | ']' if !quoted && depth > 0 => depth -= 1,
            ')' if !quoted => break,
            ',' if !quoted && depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().unwrap().push(character);
    }
    arguments
}

#[test]
fn each_field_that_the_code_writes_is_known_and_each_known_one_is_written() {
    let mut written = written();
    assert!(written.remove(METRICS_FIELD));
    let known: BTreeSet<String> = fields().map(str::to_owned).collect();
    assert_eq!(written.difference(&known).collect::<Vec<_>>(), [] as [&String; 0], "unknown");
    let unused: Vec<_> = OTHERS.iter().filter(|name| !written.contains(**name)).collect();
    assert_eq!(unused, [] as [&&str; 0], "no line has them any more");
}

#[test]
fn filters_of_cloudwatch_can_select_each_field() {
    for name in fields() {
        let selectable = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        assert!(selectable && !name.is_empty(), "{name}");
    }
    assert_eq!(fields().collect::<BTreeSet<_>>().len(), fields().count(), "none is in two lists");
}

#[test]
fn the_page_of_operators_names_the_fields_of_requests_and_all_metrics() {
    let page = read("infra/OPERATE.md");
    let section = |heading: &str| {
        let after = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
        after.split("\n## ").next().unwrap().to_owned()
    };
    let (logs, metrics) = (section("Logs"), section("Metrics"));
    for name in ALWAYS.iter().chain(&OF_REQUEST).chain(&WHERE_KNOWN) {
        assert!(logs.contains(&format!("`{name}`")), "{name} is not among the logs");
    }
    for name in METRICS.iter().filter(|name| **name != "_aws") {
        assert!(metrics.contains(&format!("`{name}`")), "{name} is not among the metrics");
    }
}

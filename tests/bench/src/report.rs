//! What is printed: Markdown, so that README can hold it as it is.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _, stderr, stdout},
    time::Duration,
};

use crate::{failure::Failure, figures::Times, targets::Target};

/// A table of figures.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Section {
    pub(crate) fn new(title: &str, head: &[&str]) -> Self {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        Self { title: title.to_owned(), head, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// All that a run found out.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sections: Vec<Section>,
    targets: Vec<Target>,
}

impl Report {
    pub(crate) fn section(&mut self, section: Section) {
        self.sections.push(section);
    }

    pub(crate) fn target(&mut self, target: Target) {
        self.targets.push(target);
    }

    /// Prints it to standard output.
    pub(crate) fn print(&self) {
        clear_progress();
        let mut text = String::new();
        for section in &self.sections {
            table(&mut text, section);
        }
        let mut targets = Section::new("Targets", &["what", "as measured", "at most", ""]);
        for target in &self.targets {
            targets.row(target.cells());
        }
        if !self.targets.is_empty() {
            table(&mut text, &targets);
        }
        stdout().write_all(text.as_bytes()).ok();
    }
}

fn table(text: &mut String, section: &Section) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<String> = section.head.iter().map(|_| "---".to_owned()).collect();
    write!(text, "\n### {}\n\n{}{}", section.title, line(&section.head), line(&rule)).ok();
    text.extend(section.rows.iter().map(|row| line(row)));
}

/// Writes a number with as many places as its size deserves.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "–".to_owned(),
        value if value < 0.1 => format!("{value:.4}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// Writes milliseconds of a time in microseconds.
pub(crate) fn milliseconds(micros: f64) -> String {
    number(micros / 1e3)
}

/// Writes median and p99 in milliseconds.
pub(crate) fn both(times: &Times) -> [String; 2] {
    [milliseconds(times.median()), milliseconds(times.p99())]
}

/// Shows what is being done.
pub(crate) fn progress(text: &str) {
    let (start, end) = if stderr().is_terminal() { ("\r\x1b[K", "") } else { ("", "\n") };
    write!(stderr(), "{start}{text}{end}").ok();
    stderr().flush().ok();
}

fn clear_progress() {
    if stderr().is_terminal() {
        write!(stderr(), "\r\x1b[K").ok();
    }
}

/// Says how long the run took.
pub(crate) fn finished(took: Duration) {
    writeln!(stderr(), "measured in {} s", took.as_secs()).ok();
}

/// Says why the run ended.
pub(crate) fn failed(failure: &Failure) {
    writeln!(stderr(), "error: {failure}").ok();
}

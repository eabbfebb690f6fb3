//! How long each test took: a line on standard error, and all tests in `target/test-times.tsv`, slowest first.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::report;

/// What one test spent.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    /// How many stacks the test used.
    worlds: u32,
    /// Starting the stacks.
    starting: Duration,
    /// Everything, starting included.
    whole: Duration,
}

static TESTS: Mutex<BTreeMap<String, Spent>> = Mutex::new(BTreeMap::new());

/// Adds to what the running test spent, and writes the table anew.
#[expect(clippy::print_stderr, reason = "a developer looks for slow tests with --nocapture")]
pub(crate) fn add(starting: Duration, whole: Duration) {
    // The test harness names the thread of a test after it.
    let name = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let mut tests = TESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let spent = tests.entry(name.clone()).or_default();
    spent.worlds += 1;
    spent.starting += starting;
    spent.whole += whole;
    eprintln!("{name} took {:.1} s, {:.1} s of them to start", whole.as_secs_f64(), starting.as_secs_f64());
    report::write("test-times.tsv", &table(&tests));
}

fn table(tests: &BTreeMap<String, Spent>) -> String {
    let mut rows: Vec<_> = tests.iter().collect();
    rows.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.whole));
    let mut table = "seconds\tstarting\tworlds\ttest\n".to_owned();
    for (name, Spent { worlds, starting, whole }) in rows {
        let (whole, starting) = (whole.as_secs_f64(), starting.as_secs_f64());
        writeln!(table, "{whole:.2}\t{starting:.2}\t{worlds}\t{name}").ok();
    }
    table
}

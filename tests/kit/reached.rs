//! What each test reaches, a line for each pair: mutants of requests to the table in `target/mutants.tsv`, and in `target/test-stacks.tsv` the
//! endpoint of its stack, under which its functions note the mutants of comparisons that they reach. A mutant of a condition has a
//! second line, with `refused` behind it, for a test in which the table refused the condition.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use local::Stack;

use crate::{report, share};

/// The lines of a table so far.
type Pairs = Mutex<BTreeSet<String>>;

static STACKS: Pairs = Mutex::new(BTreeSet::new());
static MUTANTS: Pairs = Mutex::new(BTreeSet::new());

/// Adds what the running test has reached, and writes the tables anew, if it is wanted.
pub(crate) fn add(stack: &Stack) {
    if !share::collects() {
        return;
    }
    let endpoint = stack.environment().get("AWS_ENDPOINT_URL_DYNAMODB").cloned();
    add_to("test-stacks.tsv", &STACKS, endpoint.into_iter());
    add_to("mutants.tsv", &MUTANTS, stack.mutants().into_iter());
}

fn add_to(table: &str, pairs: &Pairs, reached: impl Iterator<Item = String>) {
    // The test harness names the thread of a test after it.
    let test = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let mut lines = reached.map(|reached| format!("{test}\t{reached}\n")).peekable();
    if lines.peek().is_some() {
        let mut pairs = pairs.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.extend(lines);
        report::write(table, &pairs.iter().map(String::as_str).collect::<String>());
    }
}

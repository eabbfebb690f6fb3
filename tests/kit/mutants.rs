//! Which mutants of writes each test meets: a line for each pair in `target/mutants.tsv`.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use local::Stack;

use crate::report;

static MET: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Adds the mutants that the running test met, and writes the table anew.
pub(crate) fn add(stack: &Stack) {
    let mutants = stack.mutants();
    if mutants.is_empty() {
        return;
    }
    // The test harness names the thread of a test after it.
    let test = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
    met.extend(mutants.into_iter().map(|mutant| format!("{test}\t{mutant}\n")));
    report::write("mutants.tsv", &met.iter().map(String::as_str).collect::<String>());
}

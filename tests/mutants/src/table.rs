//! What is printed: a line for each mutant.

use std::time::Instant;

use crate::{argued::Argued, say::say};

/// What the tests say of a mutant.
#[derive(Debug)]
pub(crate) enum Verdict {
    KilledBy(String),
    /// None of these tests fails, such as `12 tests`.
    Survives(String),
    /// It is argued, so that no test ran.
    NotRun,
}

/// The lines so far.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    argued: &'a Argued,
    total: usize,
    rows: usize,
    survivors: usize,
    began: Instant,
}

impl<'a> Table<'a> {
    pub(crate) fn new(argued: &'a Argued, chosen: usize, of: usize) -> Self {
        say(&format!("{chosen} of {of} mutants"));
        Self { argued, total: chosen, rows: 0, survivors: 0, began: Instant::now() }
    }

    /// Counts the mutants that survive without an argument.
    pub(crate) fn survivors(&self) -> usize {
        self.survivors
    }

    /// Prints the line of a mutant, with the time since the line before.
    pub(crate) fn row(&mut self, name: &str, verdict: &Verdict) {
        self.rows += 1;
        let verdict = match (verdict, self.argued.reason(name)) {
            (Verdict::KilledBy(test), _) => format!("killed by {test}"),
            (Verdict::Survives(_) | Verdict::NotRun, Some(reason)) => format!("argued: {reason}"),
            (Verdict::NotRun, None) => "not run".to_owned(),
            (Verdict::Survives(tests), None) => {
                self.survivors += 1;
                format!("SURVIVES {tests}")
            }
        };
        let seconds = self.began.elapsed().as_secs_f64();
        say(&format!("{}/{}\t{seconds:.1} s\t{name}\t{verdict}", self.rows, self.total));
        self.began = Instant::now();
    }
}

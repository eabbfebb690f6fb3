//! Which test killed each mutant of a write when all ran: `tests/mutants/killers.tsv`. A sample runs it alone.

use std::path::{Path, PathBuf};

use crate::{failure::Failure, folders};

/// A mutant, and the test that kills it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Killer {
    pub(crate) mutant: String,
    pub(crate) test: String,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("killers.tsv")
}

/// Reads the table: a mutant and a test in each line, with a tab between them.
pub(crate) fn read() -> Result<Vec<Killer>, Failure> {
    let table = folders::read(&path())?;
    let row = |line: &str| {
        let (mutant, test) =
            line.split_once('\t').ok_or_else(|| Failure::Killers(format!("no tab: {line}")))?;
        Ok(Killer { mutant: mutant.to_owned(), test: test.to_owned() })
    };
    table.lines().map(row).collect()
}

/// Writes the table.
pub(crate) fn write(killers: &[Killer]) -> Result<(), Failure> {
    let row = |killer: &Killer| format!("{}\t{}\n", killer.mutant, killer.test);
    let rows: Vec<_> = killers.iter().map(row).collect();
    folders::write(&path(), rows.concat().as_bytes())
}

//! Which grants of the template no call needed so far: all of them in `target/unused-grants.tsv`.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use local::Stack;

/// The grants of the template, and those that a call of this process needed.
#[derive(Debug, Default)]
struct Grants {
    all: BTreeSet<String>,
    used: BTreeSet<String>,
}

static GRANTS: Mutex<Grants> = Mutex::new(Grants { all: BTreeSet::new(), used: BTreeSet::new() });

/// Adds the grants of a stack, and writes the table anew.
pub(crate) fn add(stack: &Stack) {
    let mut grants = GRANTS.lock().unwrap_or_else(PoisonError::into_inner);
    grants.all.extend(stack.grants());
    grants.used.extend(stack.used_grants());
    let mut table = "function\tstatement\taction\tresource\n".to_owned();
    for unused in grants.all.difference(&grants.used) {
        table.push_str(unused);
        table.push('\n');
    }
    // A table that cannot be written fails no test.
    if let Some(path) = path() {
        std::fs::write(path, table).ok();
    }
}

fn path() -> Option<PathBuf> {
    // target/debug/deps/it-…
    let program = std::env::current_exe().ok()?;
    Some(program.ancestors().nth(3)?.join("unused-grants.tsv"))
}

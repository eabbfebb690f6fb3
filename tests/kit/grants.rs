//! Which grants of the template no call needed so far: all of them in `target/unused-grants.tsv`.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use local::Stack;

use crate::report;

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
    report::write("unused-grants.tsv", &table);
}

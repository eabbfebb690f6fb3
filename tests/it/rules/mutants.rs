//! The rule that each test of `tests/mutants/killers.tsv` exists.

use std::{collections::HashSet, process::Command};

use super::read;

#[test]
fn each_test_that_kills_a_mutant_exists() {
    let own = std::env::current_exe().unwrap();
    let list = Command::new(own).args(["--list", "--format=terse"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let there: HashSet<_> = list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let killers = read("tests/mutants/killers.tsv");
    assert!(!killers.is_empty());
    let missing: Vec<_> =
        killers.lines().filter(|line| !there.contains(line.split_once('\t').unwrap().1)).collect();
    assert!(missing.is_empty(), "write these rows anew, as tests/README.md says: {missing:#?}");
}

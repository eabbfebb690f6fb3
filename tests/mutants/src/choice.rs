//! Which mutants run, and against which tests: the command line.

use clap::{Parser, ValueEnum};

/// Runs the tests under one mutant of the product at a time, and lists the mutants that no test notices.
#[derive(Debug, Default, Parser)]
pub(crate) struct Choice {
    /// Only mutants of this kind.
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Only mutants whose name holds this text, such as `revoke-access-key` or `access.rs`. May be repeated.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// Of the mutants in order, only each n-th.
    #[arg(long, default_value_t = 1)]
    pub(crate) every: usize,
    /// The first mutant of those to take, counted from 0.
    #[arg(long, default_value_t = 0)]
    pub(crate) from: usize,
    /// The most integration tests to run under one mutant; all that reach it if absent.
    #[arg(long)]
    pub(crate) most_tests: Option<usize>,
    /// Whether what the integration tests reach is taken from the last run of all. What is new since then is reached by none.
    #[arg(long)]
    pub(crate) collected: bool,
    /// Whether comparisons run against unit tests alone.
    #[arg(long)]
    pub(crate) unit_tests: bool,
    /// Whether comparisons run against integration tests alone.
    #[arg(long, conflicts_with_all = ["unit_tests", "sample"])]
    pub(crate) integration_tests: bool,
    /// A comparison of `shared/domain` against its unit tests, and two writes, each against the test that `killers.tsv` names; a
    /// number chooses them.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["kind", "only", "every", "from"])]
    pub(crate) sample: Option<usize>,
}

/// What a mutant changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A condition or an item of a write to the table.
    Writes,
    /// A comparison in the code, or what a function returns.
    Comparisons,
}

impl Choice {
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }

    /// Tells whether every mutant of its kind meets all its tests.
    pub(crate) fn is_whole(&self) -> bool {
        self.only.is_empty() && self.every <= 1 && self.from == 0 && self.most_tests.is_none()
    }

    /// Tells whether comparisons meet no integration tests.
    pub(crate) fn is_for_unit_tests(&self) -> bool {
        self.unit_tests || self.sample.is_some()
    }

    /// Returns the chosen ones of all mutants.
    pub(crate) fn of<'m, M>(&self, mutants: &'m [M], name: impl Fn(&M) -> &str) -> Vec<&'m M> {
        let is_wanted =
            |mutant: &&M| self.only.is_empty() || self.only.iter().any(|text| name(mutant).contains(text));
        mutants.iter().filter(is_wanted).skip(self.from).step_by(self.every.max(1)).collect()
    }
}

/// Returns the `count` mutants that a number chooses, the same distance apart: successive numbers go round all.
pub(crate) fn sample<M>(number: usize, count: usize, mutants: &[M]) -> Vec<&M> {
    let length = mutants.len().max(1);
    let places = (0..count).map(|turn| (number + turn * length / count) % length);
    places.filter_map(|place| mutants.get(place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["a1", "b1", "a2", "b2", "a3", "a4"];

    fn chosen(arguments: &[&str]) -> Vec<&'static str> {
        let choice = Choice::parse_from([&["mutants"], arguments].concat());
        choice.of(&NAMES, |name| name).into_iter().copied().collect()
    }

    #[test]
    fn mutants_are_chosen_by_text_and_place() {
        for (arguments, expected) in [
            (vec![], NAMES.to_vec()),
            (vec!["--only", "b"], vec!["b1", "b2"]),
            (vec!["--only", "1", "--only", "3"], vec!["a1", "b1", "a3"]),
            (vec!["--only", "a", "--from", "1", "--every", "2"], vec!["a2", "a4"]),
            (vec!["--every", "4"], vec!["a1", "a3"]),
        ] {
            assert_eq!(chosen(&arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn a_sample_goes_round_all() {
        for (number, expected) in [
            (0, ["a1", "a2", "a3"]),
            (1, ["b1", "b2", "a4"]),
            (5, ["a4", "b1", "b2"]),
            (12, ["a1", "a2", "a3"]),
        ] {
            let sampled: Vec<_> = sample(number, 3, &NAMES).into_iter().copied().collect();
            assert_eq!(sampled, expected, "{number}");
        }
        assert!(sample::<&str>(7, 3, &[]).is_empty());
        assert_eq!(sample(7, 1, &NAMES), [&"b1"]);
    }

    #[test]
    fn both_kinds_run_unless_one_is_named() {
        let named = Choice::parse_from(["mutants", "--kind", "writes"]);
        let sampled = Choice::parse_from(["mutants", "--sample", "1"]);
        let kinds = [Kind::Writes, Kind::Comparisons];
        let has = kinds.map(|kind| (Choice::default().has(kind), named.has(kind), sampled.has(kind)));
        assert_eq!(has, [(true, true, true), (true, false, true)]);
    }
}

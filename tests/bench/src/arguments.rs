//! The command line, and how much of everything is measured.

use clap::{Parser, ValueEnum};

use crate::{
    binaries::{AUTHORIZER, FLOORS, LEAN, NOTHING},
    notices, world,
};

/// Measures the functions against the floor, in one run. Building them first is not counted as part of it.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --package bench --", bin_name = "cargo bench --package bench --")]
pub(crate) struct Arguments {
    /// Measures less of everything: under a minute.
    #[arg(long)]
    quick: bool,
    /// Measures these sections alone, and builds only the functions that they need.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Section>,
    /// Uses the binaries that are there, without asking Cargo whether they are up to date.
    #[arg(long)]
    no_build: bool,
    /// What Cargo adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Section {
    /// The binaries, and what they are once zipped.
    Sizes,
    /// The authorizer and the floors.
    Authorizer,
    /// One key that is checked as often as its partition carries.
    HotKey,
    /// The authorizer with many keys in the table.
    Scale,
    /// The authorizer in organizations at every limit.
    Limits,
    /// Every other function, and the floor that does nothing.
    Functions,
    /// The notice function with many keys in the table.
    Notices,
}

impl Section {
    /// Returns whether a section needs a function or a floor: to measure it, or to make what is measured with.
    fn needs(self, name: &str) -> bool {
        let makes_keys = world::MADE_BY.contains(&name);
        match self {
            Self::Sizes => true,
            Self::Functions => name == NOTHING || !FLOORS.contains(&name),
            Self::Authorizer => makes_keys || name == AUTHORIZER || FLOORS.contains(&name),
            Self::HotKey | Self::Scale => makes_keys || name == AUTHORIZER,
            Self::Limits => makes_keys || name == AUTHORIZER || name == LEAN,
            Self::Notices => makes_keys || name == notices::FUNCTION,
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    /// Starts of each function.
    pub(crate) starts: usize,
    /// Starts of the authorizer and of each floor.
    pub(crate) authorizer_starts: usize,
    /// Rounds of eight starts at once, of the authorizer and of each floor.
    pub(crate) starts_at_once: usize,
    /// Events for each warm function.
    pub(crate) events: usize,
    /// Events for each warm authorizer and floor.
    pub(crate) decisions: usize,
    /// Decisions after which memory is read.
    pub(crate) memory_decisions: usize,
    /// Keys with a secret that is known.
    pub(crate) tokens: usize,
    /// Keys in a small table, and in a large one.
    pub(crate) small: usize,
    pub(crate) large: usize,
    /// Keys that the functions' events may use up.
    pub(crate) pool: usize,
    /// Keys in the tables of the notice function, and keys due.
    pub(crate) notice_tables: Vec<usize>,
    pub(crate) due: Vec<usize>,
    /// Keys due in the largest of these tables: some, and ten times as many.
    pub(crate) some_due: usize,
    /// Seconds for which a key is hot.
    pub(crate) hot_seconds: u64,
}

impl Arguments {
    pub(crate) fn wants(&self, section: Section) -> bool {
        self.only.is_empty() || self.only.contains(&section)
    }

    /// Returns whether any section needs a function or a floor.
    pub(crate) fn needs(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|section| section.needs(name))
    }

    pub(crate) const fn builds(&self) -> bool {
        !self.no_build
    }

    pub(crate) fn size(&self) -> Size {
        let quick = Size {
            starts: 10,
            authorizer_starts: 20,
            starts_at_once: 2,
            events: 20,
            decisions: 300,
            memory_decisions: 10_000,
            tokens: 20,
            small: 1_000,
            large: 20_000,
            pool: 2_000,
            notice_tables: vec![1_000, 10_000],
            due: vec![0, 100],
            some_due: 100,
            hot_seconds: 1,
        };
        if self.quick {
            return quick;
        }
        Size {
            starts: 50,
            authorizer_starts: 100,
            starts_at_once: 12,
            events: 100,
            decisions: 3_000,
            tokens: 100,
            large: 1_000_000,
            pool: 6_000,
            notice_tables: vec![1_000, 10_000, 100_000],
            due: vec![0, 100],
            some_due: 1_000,
            hot_seconds: 3,
            ..quick
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorizer_section_needs_three_functions_and_the_floors() {
        let arguments = Arguments::parse_from(["bench", "--only", "authorizer"]);
        for name in FLOORS.into_iter().chain(world::MADE_BY).chain([AUTHORIZER]) {
            assert!(arguments.needs(name), "{name}");
        }
        for name in ["create-access-key", notices::FUNCTION] {
            assert!(!arguments.needs(name), "{name}");
            assert!(Arguments::parse_from(["bench"]).needs(name), "{name}");
        }
    }
}

//! The integration tests: building them, and running some of them.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    failure::Failure,
    folders::{read, write},
    process::{self, End},
    table::Verdict,
};

/// Tests of the repository itself: they call no function, and a copy of the sources does not follow them.
pub(crate) const OF_SOURCES: &str = "rules::";

/// The program that holds the integration tests of one tree.
#[derive(Debug)]
pub(crate) struct IntegrationTests {
    program: PathBuf,
    /// The root of the sources.
    root: PathBuf,
    /// Cargo's folder, where the tests leave tables.
    target: PathBuf,
    /// The tests that have killed a mutant of some code, such as that of a function: they often kill the next one too.
    killers: HashMap<String, HashSet<String>>,
    /// How long each test took, in hundredths of a second.
    hundredths: HashMap<String, u32>,
}

/// Tests that run at once: more wait for the processors.
const THREADS: &str = "4";
/// How long each test took when all ran, beside the table of the last run.
const TIMES: &str = "test-times-of-all.tsv";
/// How many tests run before the next ones start, so that the first failure ends the run early. The last number holds for
/// all batches that follow.
const BATCHES: [usize; 3] = [6, 18, 60];
/// For how long a batch may run besides three times the time of its tests: one that takes longer is taken for an endless loop.
const LIMIT: Duration = Duration::from_mins(3);
/// For how long all tests may run, which take a quarter of an hour.
const LIMIT_OF_ALL: Duration = Duration::from_mins(45);

impl IntegrationTests {
    /// Builds the tests as `cargo test` does.
    pub(crate) fn build(root: &Path, target: &Path) -> Result<Self, Failure> {
        let programs = process::build_tests(root, target, &["--workspace", "--test", "it"])?;
        let program = programs.into_iter().next().map(|program| program.path);
        let program = program.ok_or_else(|| Failure::NotBuilt { folder: root.to_owned() })?;
        Ok(Self {
            program,
            root: root.to_owned(),
            target: target.to_owned(),
            killers: HashMap::new(),
            hundredths: HashMap::new(),
        })
    }

    /// Runs all tests once, for the tables that they leave.
    pub(crate) fn collect(&self, adjust: impl Fn(&mut Command) -> &mut Command) -> Result<(), Failure> {
        let mut run = self.tests();
        adjust(run.env("MUTANTS", "collect"));
        match process::run(&mut run, LIMIT_OF_ALL)? {
            End::Passed => self.keep_times(),
            End::Failed(test) => Err(Failure::Baseline(test)),
            End::OutOfTime => Err(Failure::Baseline("a test that does not end".to_owned())),
        }
    }

    /// Keeps the times of all tests: each run writes those of its own.
    fn keep_times(&self) -> Result<(), Failure> {
        let times = read(&self.target.join("test-times.tsv"))?;
        write(&self.target.join(TIMES), times.as_bytes())
    }

    /// Reads how long each test took when all ran.
    pub(crate) fn read_times(&mut self) -> Result<(), Failure> {
        let table = read(&self.target.join(TIMES))?;
        let row = |line: &str| {
            let mut columns = line.split('\t');
            let hundredths = columns.next()?.replace('.', "").parse().ok()?;
            Some((columns.nth(2)?.to_owned(), hundredths))
        };
        self.hundredths = table.lines().filter_map(row).collect();
        Ok(())
    }

    /// Runs tests under a mutant of some code until one fails, `most` at most: the likely ones, then those that have killed
    /// another mutant of this code, then the others.
    pub(crate) fn judge(
        &mut self,
        code: &str,
        likely: &[String],
        others: &[String],
        most: Option<usize>,
        adjust: impl Fn(&mut Command) -> &mut Command,
    ) -> Result<Verdict, Failure> {
        let killers = self.killers.entry(code.to_owned()).or_default();
        let (killers_of_others, rest): (Vec<_>, Vec<_>) =
            others.iter().partition(|test| killers.contains(*test));
        let tests: Vec<_> =
            likely.iter().chain(killers_of_others).chain(rest).take(most.unwrap_or(usize::MAX)).collect();
        let Some(killer) = self.first_failed(&tests, adjust)? else {
            return Ok(Verdict::Survives(format!("{} tests", tests.len())));
        };
        if tests.contains(&&killer) {
            self.killers.entry(code.to_owned()).or_default().insert(killer.clone());
        }
        Ok(Verdict::KilledBy(killer))
    }

    fn first_failed(
        &self,
        tests: &[&String],
        adjust: impl Fn(&mut Command) -> &mut Command,
    ) -> Result<Option<String>, Failure> {
        let mut tests = tests.iter();
        for turn in 0.. {
            let size = BATCHES[turn.min(BATCHES.len() - 1)];
            let batch: Vec<_> = tests.by_ref().take(size).collect();
            if batch.is_empty() {
                break;
            }
            let hundredths: u32 = batch.iter().map(|test| self.time(test)).sum();
            let limit = LIMIT + Duration::from_millis(10) * hundredths * 3;
            let mut run = self.tests();
            run.args(["--exact", "--test-threads", THREADS]).args(batch);
            adjust(&mut run);
            match process::run(&mut run, limit)? {
                End::Passed => {}
                End::Failed(test) => return Ok(Some(test)),
                End::OutOfTime => return Ok(Some("a test that does not end".to_owned())),
            }
        }
        Ok(None)
    }

    /// Lists the names of all tests.
    pub(crate) fn list(&self) -> Result<HashSet<String>, Failure> {
        let listed = process::output(self.tests().args(["--list", "--format", "terse"]))?;
        let listed = String::from_utf8_lossy(&listed.stdout);
        Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    }

    /// Returns the pairs of a table that the tests left: a test and something that it met.
    pub(crate) fn met(&self, table: &str) -> Result<Vec<(String, String)>, Failure> {
        let table = read(&self.target.join(table))?;
        let pairs = table.lines().filter_map(|line| line.split_once('\t'));
        Ok(pairs.map(|(test, met)| (test.to_owned(), met.to_owned())).collect())
    }

    /// Sorts tests, the fastest first.
    pub(crate) fn sort(&self, tests: &mut [String]) {
        tests.sort_by_key(|test| (self.time(test), test.clone()));
    }

    /// Returns how long a test took, in hundredths of a second: none for one without a stack, which is in no table.
    fn time(&self, test: &str) -> u32 {
        self.hundredths.get(test).copied().unwrap_or(0)
    }

    fn tests(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.root.join("tests")).env("CARGO_TARGET_DIR", &self.target);
        command.env("INSTA_UPDATE", "no").env("RUST_BACKTRACE", "0");
        // A share of the orders would leave out the one that a condition is for.
        command.env("INTERLEAVINGS", "all");
        command
    }
}

//! The integration tests: building them, finding the writes that each sends, and running some of them.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// Why the mutants could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{path} cannot be read")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{program} cannot be started")]
    NotStarted { program: PathBuf, source: io::Error },
    #[error("the integration tests do not compile: run `cargo test --test it --no-run`")]
    NotBuilt,
    #[error("no test met a mutant: run without --collected")]
    NothingCollected,
    #[error("tests/mutants/argued.tsv: {0}")]
    Argued(String),
}

/// One condition or record of a write, and the tests that send this write.
#[derive(Debug)]
pub(crate) struct Mutant {
    pub(crate) name: String,
    pub(crate) tests: Vec<String>,
}

/// The program that holds the integration tests.
#[derive(Debug)]
pub(crate) struct Harness {
    program: PathBuf,
}

/// Tests that run at once: more wait for the processors.
const THREADS: &str = "4";
/// How many tests run before the next ones start, so that the first failure ends the run early.
const BATCHES: [usize; 3] = [6, 18, usize::MAX];

impl Harness {
    /// Builds the tests as `cargo test` does.
    pub(crate) fn build() -> Result<Self, Failure> {
        let mut cargo = local::cargo_command();
        cargo.current_dir(workspace()).args(["test", "--test", "it", "--no-run", "--message-format=json"]);
        let built = output(cargo.stderr(Stdio::inherit()))?;
        let messages = built.stdout.split(|byte| *byte == b'\n');
        let program = messages
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "it")
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
        Ok(Self { program: program.filter(|_| built.status.success()).ok_or(Failure::NotBuilt)? })
    }

    /// Runs all tests once and writes `target/mutants.tsv`.
    pub(crate) fn collect(&self) -> Result<(), Failure> {
        output(self.tests().env("MUTANTS", "collect")).map(drop)
    }

    /// Returns the first test that fails under a mutant.
    pub(crate) fn killer(&self, mutant: &Mutant, most_tests: usize) -> Result<Option<String>, Failure> {
        let mut tests = mutant.tests.iter().take(most_tests);
        for size in BATCHES {
            let batch: Vec<_> = tests.by_ref().take(size).collect();
            if batch.is_empty() {
                break;
            }
            let mut run = self.tests();
            run.args(["--exact", "--test-threads", THREADS]).args(batch).env("MUTANT", &mutant.name);
            let run = output(&mut run)?;
            if !run.status.success() {
                return Ok(Some(first_failed(&run)));
            }
        }
        Ok(None)
    }

    fn tests(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(workspace().join("tests")).stderr(Stdio::null());
        // A share of the orders would leave out the one that a condition is for.
        command.env("INTERLEAVINGS", "all");
        command
    }
}

/// Returns the mutants in order, each with its tests, the fastest first.
pub(crate) fn mutants() -> Result<Vec<Mutant>, Failure> {
    let seconds = seconds()?;
    let mut mutants: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in read(&target().join("mutants.tsv"))?.lines() {
        if let Some((test, mutant)) = line.split_once('\t') {
            mutants.entry(mutant.to_owned()).or_default().push(test.to_owned());
        }
    }
    if mutants.is_empty() {
        return Err(Failure::NothingCollected);
    }
    let time = |test: &String| seconds.get(test).copied().unwrap_or(u32::MAX);
    let sorted = mutants.into_iter().map(|(name, mut tests)| {
        tests.sort_by_key(|test| (time(test), test.clone()));
        Mutant { name, tests }
    });
    Ok(sorted.collect())
}

/// Returns how many hundredths of a second each test took when it last ran.
fn seconds() -> Result<HashMap<String, u32>, Failure> {
    let table = read(&target().join("test-times.tsv"))?;
    let row = |line: &str| {
        let mut columns = line.split('\t');
        let hundredths = columns.next()?.replace('.', "").parse().ok()?;
        Some((columns.nth(2)?.to_owned(), hundredths))
    };
    Ok(table.lines().filter_map(row).collect())
}

/// Finds the name of the first failed test in what the harness of Rust's tests printed.
fn first_failed(run: &Output) -> String {
    let printed = String::from_utf8_lossy(&run.stdout);
    let failed = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    printed.lines().find_map(failed).unwrap_or_else(|| "a test that ended the program".to_owned())
}

fn output(command: &mut Command) -> Result<Output, Failure> {
    let failed =
        |program: &Command, source| Failure::NotStarted { program: program.get_program().into(), source };
    command.stdin(Stdio::null()).output().map_err(|source| failed(command, source))
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn target() -> PathBuf {
    workspace().join("target")
}

//! The unit tests of the rewritten crates.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    process::{self, End},
    tree::{self, Comparison},
};

/// For how long tests run besides the time that they take without a mutant: after that, a loop has no end.
const LIMIT: Duration = Duration::from_secs(20);
/// For how long they may run without a mutant.
const LIMIT_WITHOUT: Duration = Duration::from_mins(10);
/// The memory of a program, in KiB: a loop without end may also collect something.
const MEMORY: &str = "8000000";

/// The program that holds the unit tests of one crate.
#[derive(Debug)]
struct Tests {
    /// The folder of the crate, such as `shared/domain`.
    package: String,
    program: PathBuf,
    /// How long they take without a mutant.
    seconds: Duration,
}

/// The unit tests of all rewritten crates, the fastest first.
#[derive(Debug)]
pub(crate) struct UnitTests(Vec<Tests>);

impl UnitTests {
    /// Builds the tests, of the crate in one folder or all, and runs them without a mutant.
    pub(crate) fn build(target: &Path, only: Option<&str>) -> Result<Self, Failure> {
        let selected = only.map_or_else(|| vec!["--workspace"], |folder| vec!["--package", name(folder)]);
        let arguments = [selected.as_slice(), &["--lib"]].concat();
        let programs = process::build_tests(&tree::root(), target, &arguments)?;
        let mut all = Vec::new();
        for program in programs {
            let source = program.source.strip_prefix(tree::root()).unwrap_or(&program.source);
            let package = source.to_str().and_then(|source| source.strip_suffix("/src/lib.rs"));
            let package = package
                .filter(|package| ["shared/", "functions/"].iter().any(|hall| package.starts_with(hall)));
            if let Some(package) = package {
                let tests =
                    Tests { package: package.to_owned(), program: program.path, seconds: Duration::ZERO };
                all.push(tests.timed()?);
            }
        }
        all.sort_by_key(|tests| tests.seconds);
        Ok(Self(all))
    }

    /// Returns the first unit test that fails under the mutant that is active: of its file, of its crate, of any crate.
    pub(crate) fn killer(&self, mutant: &Comparison) -> Result<Option<String>, Failure> {
        let is_own = |tests: &&Tests| tests.package == mutant.package;
        let own = || self.0.iter().filter(is_own);
        let others = self.0.iter().filter(|tests| !is_own(tests) && mutant.package.starts_with("shared/"));
        let of_file = own().map(|tests| (tests, Share::File(&mutant.module)));
        let few = own().chain(others).map(|tests| (tests, Share::FewRandom));
        for (tests, share) in of_file.chain(few).chain(own().map(|tests| (tests, Share::All))) {
            match tests.run(share, LIMIT + tests.seconds * 2)? {
                End::Passed => {}
                End::Failed(test) => return Ok(Some(format!("{} {test}", tests.package))),
                End::OutOfTime => return Ok(Some(format!("{}, which does not end", tests.package))),
            }
        }
        Ok(None)
    }
}

/// How many of a crate's tests run. Random ones take nearly all of the time.
#[derive(Debug, Clone, Copy)]
enum Share<'m> {
    /// Those of the file, whose module has this name.
    File(&'m str),
    /// All but the fuzz targets, with few random cases.
    FewRandom,
    All,
}

/// The number of random cases of a test.
const CASES: &str = "PROPTEST_CASES";
const FEW: &str = "16";

/// Returns the name of the package in a folder.
fn name(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

impl Tests {
    fn timed(self) -> Result<Self, Failure> {
        let began = Instant::now();
        match self.run(Share::All, LIMIT_WITHOUT)? {
            End::Passed => Ok(Self { seconds: began.elapsed(), ..self }),
            End::Failed(test) => Err(Failure::Baseline(format!("{} {test}", self.package))),
            End::OutOfTime => Err(Failure::Baseline(self.package)),
        }
    }

    fn run(&self, share: Share<'_>, limit: Duration) -> Result<End, Failure> {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -v $1; shift; exec \"$@\"", "sh", MEMORY]).arg(&self.program);
        match share {
            Share::File(module) => {
                shell.arg(module).env(CASES, FEW);
            }
            Share::FewRandom => {
                shell.args(["--skip", "fuzzed_"]).env(CASES, FEW);
            }
            Share::All => {}
        }
        // Every mutant meets the same cases, and leaves none for the next one.
        shell.env("PROPTEST_RNG_SEED", "1").env_remove("FUZZ_SECONDS").env_remove("FUZZ_SEED");
        shell.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true").env("RUST_BACKTRACE", "0");
        let folder = tree::root().join(&self.package);
        process::run(shell.env("CARGO_MANIFEST_DIR", &folder).current_dir(&folder), limit)
    }
}

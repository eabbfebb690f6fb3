//! Programs: Cargo, and tests that may never end.

use std::{
    io::{self, Read as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{failure::Failure, say::say, tree};

/// How tests ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Passed,
    /// With the first failed test.
    Failed(String),
    OutOfTime,
}

/// For how long ended programs may take to end.
const TO_END: Duration = Duration::from_secs(10);

/// Runs tests, for so long at most.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<End, Failure> {
    let program = PathBuf::from(command.get_program());
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // With a group of its own, it can be ended with all that it started.
    let started = command.process_group(0).spawn();
    let mut child = started.map_err(|source| Failure::NotStarted { program: program.clone(), source })?;
    let (sender, printed) = mpsc::channel();
    let output = child.stdout.take();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        output.map(|mut output| output.read_to_end(&mut bytes));
        // Nobody may wait for it any more.
        sender.send(bytes).ok();
    });
    let Ok(text) = printed.recv_timeout(limit) else {
        end(&mut child);
        // Whatever goes on holds the output open.
        let timed_out = |_| Failure::NotEnded { program, source: io::ErrorKind::TimedOut.into() };
        return printed.recv_timeout(TO_END).map(|_| End::OutOfTime).map_err(timed_out);
    };
    let status = child.wait().map_err(|source| Failure::NotEnded { program, source })?;
    Ok(if status.success() { End::Passed } else { End::Failed(first_failed(&text)) })
}

fn end(child: &mut Child) {
    // Every shell can do it; a program `kill` is not on every machine.
    Command::new("sh").args(["-c", &format!("kill -s KILL -- -{}", child.id())]).status().ok();
    child.kill().ok();
    child.wait().ok();
}

/// Finds the name of the first failed test in what the harness of Rust's tests printed.
fn first_failed(printed: &[u8]) -> String {
    let printed = String::from_utf8_lossy(printed);
    let failed = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    printed.lines().find_map(failed).unwrap_or_else(|| "a test that ended the program".to_owned())
}

/// A program that holds tests.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// The source file of its root.
    pub(crate) source: PathBuf,
}

/// Builds tests in a folder with `cargo test`, and lists their programs. `target` is Cargo's folder.
pub(crate) fn build_tests(folder: &Path, target: &Path, arguments: &[&str]) -> Result<Vec<Program>, Failure> {
    let mut cargo = cargo();
    cargo.current_dir(folder).args(["test", "--no-run", "--message-format=json"]).args(arguments);
    cargo.env("CARGO_TARGET_DIR", target);
    if folder == tree::root() {
        // The copy has no axe-core.
        cargo.env_remove("CONSOLE_BROWSER");
    }
    let built = output(cargo.stderr(Stdio::inherit()))?;
    let messages = built.stdout.split(|byte| *byte == b'\n');
    let messages: Vec<Value> = messages.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    if built.status.success() {
        return Ok(messages.iter().filter_map(program).collect());
    }
    let errors = messages.iter().filter(|message| message["message"]["level"] == "error");
    for error in errors.filter_map(|message| message["message"]["rendered"].as_str()) {
        say(error);
    }
    Err(Failure::NotBuilt { folder: folder.to_owned() })
}

/// Returns a command that runs Cargo as if the user had called it: build scripts may watch what Cargo sets for this package.
fn cargo() -> Command {
    let mut command = Command::new("cargo");
    let of_package =
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "OUT_DIR"];
    for (name, _) in std::env::vars_os() {
        if of_package.iter().any(|head| name.as_encoded_bytes().starts_with(head.as_bytes())) {
            command.env_remove(name);
        }
    }
    command
}

fn program(message: &Value) -> Option<Program> {
    let is_test = message["profile"]["test"] == true;
    let path = PathBuf::from(message["executable"].as_str().filter(|_| is_test)?);
    Some(Program { path, source: PathBuf::from(message["target"]["src_path"].as_str()?) })
}

pub(crate) fn output(command: &mut Command) -> Result<Output, Failure> {
    let failed =
        |program: &Command, source| Failure::NotStarted { program: program.get_program().into(), source };
    command.stdin(Stdio::null()).output().map_err(|source| failed(command, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> End {
        run(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn the_first_failed_test_is_named() {
        let script = "printf 'test a ... ok\\ntest b::c ... FAILED\\ntest d ... FAILED\\n'; exit 101";
        let minute = Duration::from_mins(1);
        assert_eq!(shell(script, minute), End::Failed("b::c".to_owned()));
        assert_eq!(shell("kill -ABRT $$", minute), End::Failed("a test that ended the program".to_owned()));
        assert_eq!(shell("true", minute), End::Passed);
    }

    #[test]
    fn a_loop_without_end_is_ended_with_all_that_it_started() {
        assert_eq!(shell("sh -c 'while true; do :; done' & wait", Duration::from_millis(50)), End::OutOfTime);
    }
}

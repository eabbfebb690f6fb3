//! Builds the functions, once in a process.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::{process::Command, sync::OnceCell};

use crate::{error::StackError, options::Profile};

/// The path of each function's binary.
pub(crate) type Binaries = BTreeMap<String, PathBuf>;

/// Finds the workspace: from the working directory upwards, or where this crate was built.
pub(crate) fn workspace() -> Result<PathBuf, StackError> {
    let here = std::env::current_dir().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let candidates = here.ancestors().map(Path::to_owned).chain(built.canonicalize().ok());
    let found = candidates.into_iter().find(|folder| folder.join("template.yaml").is_file());
    found.ok_or(StackError::NoWorkspace)
}

/// Builds every folder of `functions/` with one call of Cargo, and keeps the result for the process.
///
/// No package is named here, and none in `cargo dev` and `cargo test --workspace`. So Cargo enables the same features of
/// a dependency in all three, and compiles it once.
pub(crate) async fn build(workspace: &Path, profile: Profile) -> Result<&'static Binaries, StackError> {
    static BUILT: OnceCell<Binaries> = OnceCell::const_new();
    BUILT.get_or_try_init(|| run_cargo(workspace, profile)).await
}

/// The variables that Cargo sets for the package that it runs. A build script may watch them. Without this list, it
/// would run again, with everything that depends on it, whenever a build by the stack follows one by hand.
const PACKAGE_VARIABLES: [&str; 21] = [
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_AUTHORS",
    "CARGO_PKG_DESCRIPTION",
    "CARGO_PKG_HOMEPAGE",
    "CARGO_PKG_LICENSE",
    "CARGO_PKG_LICENSE_FILE",
    "CARGO_PKG_NAME",
    "CARGO_PKG_README",
    "CARGO_PKG_REPOSITORY",
    "CARGO_PKG_RUST_VERSION",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "CARGO_PRIMARY_PACKAGE",
    "OUT_DIR",
];

/// Returns a command that runs Cargo as if the user had called it, also from within a program that Cargo runs.
#[must_use]
pub fn cargo_command() -> std::process::Command {
    let mut command = std::process::Command::new(cargo_name());
    for variable in PACKAGE_VARIABLES {
        command.env_remove(variable);
    }
    command
}

async fn run_cargo(workspace: &Path, profile: Profile) -> Result<Binaries, StackError> {
    let cargo = cargo_name();
    let mut command = Command::from(cargo_command());
    command.current_dir(workspace).args(["build", "--message-format=json-render-diagnostics"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    for function in folders(workspace)? {
        command.args(["--bin", &function]);
    }
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let failed = |cause| StackError::Cargo { cargo: cargo.clone(), cause };
    let output = command.spawn().map_err(failed)?.wait_with_output().await.map_err(failed)?;
    if !output.status.success() {
        return Err(StackError::Build);
    }
    let messages =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    Ok(messages.filter_map(|message: Value| executable(&message)).collect())
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let is_binary = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "bin");
    let name = message["target"]["name"].as_str().filter(|_| is_binary)?;
    Some((name.to_owned(), PathBuf::from(message["executable"].as_str()?)))
}

fn folders(workspace: &Path) -> Result<Vec<String>, StackError> {
    let path = workspace.join("functions");
    let unreadable = |cause| StackError::Data { path: path.clone(), cause };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo names itself in the environment of the programs that it runs"
)]
fn cargo_name() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_read_from_cargos_messages() {
        let message = serde_json::json!({
            "reason": "compiler-artifact",
            "target": {"kind": ["bin"], "name": "manage-users"},
            "executable": "/target/debug/manage-users",
        });
        let expected = ("manage-users".to_owned(), PathBuf::from("/target/debug/manage-users"));
        assert_eq!(executable(&message), Some(expected));
        assert_eq!(executable(&serde_json::json!({"reason": "build-finished"})), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "Cargo sets for this test what it sets for `cargo dev`")]
    fn no_variable_of_this_package_reaches_the_build() {
        let of_the_package = |name: &String| {
            name == "OUT_DIR" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        };
        let set: Vec<_> = std::env::vars().map(|(name, _)| name).filter(of_the_package).collect();
        assert!(set.iter().any(|name| name == "OUT_DIR"), "this package has a build script: {set:?}");
        for name in set {
            assert!(PACKAGE_VARIABLES.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn the_workspace_is_found() {
        assert!(workspace().unwrap().join("functions").is_dir());
    }
}

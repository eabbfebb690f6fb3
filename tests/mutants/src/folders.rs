//! Where things lie, and how files are read and written.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The repository.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.to_owned(), Path::to_owned)
}

/// The folder of the rewritten copy, of the active mutant and of notes.
pub(crate) fn of_comparisons() -> PathBuf {
    workspace().join("target/mutants")
}

/// The folder where tests and functions note the mutants that they reach.
pub(crate) fn of_notes() -> PathBuf {
    of_comparisons().join("reached")
}

/// What holds no sources. In a worktree `.git` is a file.
const PASSED_OVER: [&str; 4] = ["target", ".aws-sam", ".git", ".local"];

/// Lists the files below a folder, as paths from there.
pub(crate) fn files(root: &Path) -> Result<BTreeSet<String>, Failure> {
    let (mut files, mut open) = (BTreeSet::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        let unreadable = |source| Failure::Unreadable { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if PASSED_OVER.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_file() {
                files.insert(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned());
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    Ok(files)
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })
}

/// Writes a file and the folders above it, unless it has this content: Cargo builds anew what has another time.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, content));
    written.map_err(|source| Failure::Unwritable { path: path.to_owned(), source })
}

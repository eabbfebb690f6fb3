//! The directory in which state outlives the stack.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::error::StackError;

/// The data directory; with `--memory` there is none.
#[derive(Debug, Clone)]
pub(crate) struct DataDirectory {
    path: Option<PathBuf>,
    /// Locked while this process uses the directory. The operating system unlocks it, however the process ends.
    _lock: Option<Arc<File>>,
}

/// The name of the file that is locked.
const LOCK: &str = "lock";

impl DataDirectory {
    /// Keeps nothing.
    pub(crate) fn none() -> Self {
        Self { path: None, _lock: None }
    }

    /// Creates the directory unless it exists. Two stacks in one would each overwrite the other's files.
    ///
    /// # Errors
    /// When another stack uses it, and when it cannot be written.
    pub(crate) fn at(path: &Path) -> Result<Self, StackError> {
        let unusable = |cause| StackError::Data { path: path.to_owned(), cause };
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = open_private(&path.join(LOCK), OpenOptions::new().write(true)).map_err(unusable)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(StackError::InUse { path: path.to_owned() }),
            // Some file systems know no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {
                Ok(Self { path: Some(path.to_owned()), _lock: Some(Arc::new(lock)) })
            }
        }
    }

    /// Creates an empty file for others to fill, unless it exists, and returns its path; `None` without a directory.
    pub(crate) fn reserve(&self, name: &str) -> Result<Option<PathBuf>, StackError> {
        self.append(name, b"").map(|()| self.path_of(name))
    }

    fn path_of(&self, name: &str) -> Option<PathBuf> {
        self.path.as_ref().map(|directory| directory.join(name))
    }

    /// Reads a file; `None` if there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StackError> {
        let Some(path) = self.path_of(name) else {
            return Ok(None);
        };
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(StackError::Data { path, cause }),
        }
    }

    /// Replaces a file as a whole.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StackError> {
        let Some(path) = self.path_of(name) else {
            return Ok(());
        };
        let next = path.with_extension("next");
        let file = open_private(&next, OpenOptions::new().write(true).truncate(true));
        let written = file.and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&next, &path));
        written.map_err(|cause| StackError::Data { path, cause })
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, name: &str, bytes: &[u8]) -> Result<(), StackError> {
        let Some(path) = self.path_of(name) else {
            return Ok(());
        };
        let file = open_private(&path, OpenOptions::new().append(true));
        let appended = file.and_then(|mut file| file.write_all(bytes));
        appended.map_err(|cause| StackError::Data { path, cause })
    }

    /// Makes the error for a file that the stack cannot have written.
    pub(crate) fn damaged(&self, name: &str) -> StackError {
        StackError::Damaged { path: self.path_of(name).unwrap_or_default() }
    }
}

/// Opens or creates a file that nobody but its owner may read: it can hold a pepper, a signing key or mails.
fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let file = options.open(path)?;
    // A file of an earlier version keeps its mode when it is opened.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nobody_but_the_owner_reads_a_file_of_the_stack() {
        let folder = std::env::temp_dir().join(format!("local-{}", crate::random::uuid()));
        let data = DataDirectory::at(&folder).unwrap();
        for old in ["secrets.json", "emails.jsonl"] {
            fs::write(folder.join(old), "{}").unwrap();
        }
        data.write("secrets.json", b"{}").unwrap();
        data.write("issuer.pk8", b"key").unwrap();
        data.append("emails.jsonl", b"mail").unwrap();
        data.reserve("dynamodb.sqlite").unwrap();
        for name in ["secrets.json", "issuer.pk8", "emails.jsonl", "dynamodb.sqlite"] {
            let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(fs::read(folder.join("emails.jsonl")).unwrap(), b"{}mail");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_stacks_never_share_a_directory() {
        let folder = std::env::temp_dir().join(format!("local-{}", crate::random::uuid()));
        let (first, other) = (DataDirectory::at(&folder).unwrap(), folder.join("other"));
        let error = DataDirectory::at(&folder).unwrap_err().to_string();
        assert!(error.contains("another cargo dev") && error.contains("--memory"), "{error}");
        DataDirectory::at(&other).unwrap();
        drop(first);
        DataDirectory::at(&folder).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}

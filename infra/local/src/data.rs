//! The directory in which state outlives the stack.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::error::StackError;

/// The data directory; with `--memory` there is none.
#[derive(Debug, Clone)]
pub(crate) struct DataDirectory {
    path: Option<PathBuf>,
}

impl DataDirectory {
    /// Keeps nothing.
    pub(crate) fn none() -> Self {
        Self { path: None }
    }

    /// Creates the directory unless it exists.
    pub(crate) fn at(path: &Path) -> Result<Self, StackError> {
        fs::create_dir_all(path).map_err(|cause| StackError::Data { path: path.to_owned(), cause })?;
        Ok(Self { path: Some(path.to_owned()) })
    }

    /// Returns the path of a file; `None` without a directory.
    pub(crate) fn path_of(&self, name: &str) -> Option<PathBuf> {
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
        let written = fs::write(&next, bytes).and_then(|()| fs::rename(&next, &path));
        written.map_err(|cause| StackError::Data { path, cause })
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, name: &str, bytes: &[u8]) -> Result<(), StackError> {
        let Some(path) = self.path_of(name) else {
            return Ok(());
        };
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        let appended = file.and_then(|mut file| file.write_all(bytes));
        appended.map_err(|cause| StackError::Data { path, cause })
    }

    /// Makes the error for a file that the stack cannot have written.
    pub(crate) fn damaged(&self, name: &str) -> StackError {
        StackError::Damaged { path: self.path_of(name).unwrap_or_default() }
    }
}

//! Where state lives between two starts: a directory, or nowhere.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::error::StackError;

/// Keeps files in the data directory; with `--memory` it keeps nothing.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    directory: Option<PathBuf>,
}

impl Data {
    /// Forgets everything.
    pub(crate) fn memory() -> Self {
        Self { directory: None }
    }

    /// Keeps files in a directory, which it creates.
    pub(crate) fn directory(path: &Path) -> Result<Self, StackError> {
        fs::create_dir_all(path).map_err(|cause| StackError::Data { path: path.to_owned(), cause })?;
        Ok(Self { directory: Some(path.to_owned()) })
    }

    /// Names a file, if there is a directory.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(name))
    }

    /// Reads a file, if there is one.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StackError> {
        let Some(path) = self.path(name) else {
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
        let Some(path) = self.path(name) else {
            return Ok(());
        };
        let next = path.with_extension("next");
        let written = fs::write(&next, bytes).and_then(|()| fs::rename(&next, &path));
        written.map_err(|cause| StackError::Data { path, cause })
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, name: &str, bytes: &[u8]) -> Result<(), StackError> {
        let Some(path) = self.path(name) else {
            return Ok(());
        };
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        let appended = file.and_then(|mut file| file.write_all(bytes));
        appended.map_err(|cause| StackError::Data { path, cause })
    }

    /// Says that a file does not hold what the stack wrote.
    pub(crate) fn damaged(&self, name: &str) -> StackError {
        StackError::Damaged { path: self.path(name).unwrap_or_default() }
    }
}

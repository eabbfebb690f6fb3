//! Which mutant of the rewritten sources is active: `target/mutants/active` holds its number.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use crate::{failure::Failure, folders, switch};

/// The file that the rewritten code reads. There is one, so one run at a time may write it.
#[derive(Debug)]
pub(crate) struct Active {
    file: PathBuf,
    _lock: File,
}

impl Active {
    /// Waits for other runs, and makes no mutant active.
    pub(crate) fn lock() -> Result<Self, Failure> {
        let folder = folders::of_comparisons();
        let path = folder.join("lock");
        let lock = fs::create_dir_all(&folder).and_then(|()| File::create(&path));
        let lock = lock.and_then(|lock| lock.lock().map(|()| lock));
        let lock = lock.map_err(|source| Failure::Unwritable { path, source })?;
        let active = Self { file: folder.join("active"), _lock: lock };
        active.clear()?;
        Ok(active)
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn set(&self, name: &str) -> Result<(), Failure> {
        folders::write(&self.file, switch::number(name).to_string().as_bytes())
    }

    /// Lets every process note the mutants that it reaches, in an empty folder.
    pub(crate) fn note(&self, notes: &Path) -> Result<(), Failure> {
        let unwritable = |source| Failure::Unwritable { path: notes.to_owned(), source };
        if notes.exists() {
            fs::remove_dir_all(notes).map_err(unwritable)?;
        }
        fs::create_dir_all(notes).map_err(unwritable)?;
        folders::write(&self.file, switch::NOTED.as_bytes())
    }

    pub(crate) fn clear(&self) -> Result<(), Failure> {
        folders::write(&self.file, b"")
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        // The next run clears it too.
        self.clear().ok();
    }
}

//! The clocks of instances, which can stand still while the time of everything else passes.
//!
//! Each instance loads a small library before all others. It adds an offset to the clocks of its process. The offset is a
//! number in a file of the instance.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::random;

/// The compiled library; empty where this machine has no means to shift the clocks of a process.
const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/instance_clock.so"));

/// The clocks of all instances of a stack. The library and the offsets are files of a directory that is removed at the end.
#[derive(Debug)]
pub(crate) struct InstanceClocks {
    directory: PathBuf,
    started: AtomicU64,
}

impl InstanceClocks {
    /// Makes the directory; `None` where the clocks of a process cannot be shifted.
    pub(crate) fn new() -> io::Result<Option<Self>> {
        if LIBRARY.is_empty() {
            return Ok(None);
        }
        let directory = std::env::temp_dir().join(format!("local-clocks-{}", random::uuid()));
        let clocks = Self { directory, started: AtomicU64::new(0) };
        fs::create_dir_all(&clocks.directory)?;
        fs::write(clocks.library(), LIBRARY)?;
        Ok(Some(clocks))
    }

    fn library(&self) -> PathBuf {
        self.directory.join("instance_clock.so")
    }

    /// Makes the clock of a new instance, which is ahead of the machine's by the time that has passed so far.
    pub(super) fn start(&self, passed: Duration) -> io::Result<InstanceClock> {
        let path = self.directory.join(self.started.fetch_add(1, Ordering::SeqCst).to_string());
        let file = File::create(&path)?;
        let mut clock = InstanceClock { library: self.library(), path, file, offset: Duration::ZERO };
        clock.advance(passed)?;
        Ok(clock)
    }
}

impl Drop for InstanceClocks {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).ok();
    }
}

/// The clock of one instance.
#[derive(Debug)]
pub(super) struct InstanceClock {
    library: PathBuf,
    path: PathBuf,
    file: File,
    offset: Duration,
}

impl InstanceClock {
    /// Returns the variables by which a process takes this clock.
    pub(super) fn variables(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library.clone()), ("LOCAL_CLOCK_FILE", self.path.clone())]
    }

    /// Moves the clock forward.
    pub(super) fn advance(&mut self, time: Duration) -> io::Result<()> {
        self.offset += time;
        let nanoseconds = i64::try_from(self.offset.as_nanos()).unwrap_or(i64::MAX);
        self.file.write_all_at(&nanoseconds.to_ne_bytes(), 0)
    }

    /// Returns how far the clock is ahead of the machine's.
    pub(super) const fn offset(&self) -> Duration {
        self.offset
    }
}

impl Drop for InstanceClock {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

//! What the system knows of a process. Linux only; elsewhere nothing is told.

use std::{fs, time::Duration};

/// Reads the most memory that a process ever had, in megabytes of 2^20 bytes.
pub(crate) fn high_water_mark(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u32 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(f64::from(kibibytes) / 1024.0)
}

/// Reads for how long a process's first thread has run on a processor: where everything but argon2 runs.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    let schedule = fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    schedule.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

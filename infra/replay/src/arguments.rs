//! The arguments of the program.

use std::{
    fs::File,
    io::{self, BufReader},
    num::NonZeroU32,
    path::PathBuf,
};

use clap::Parser;
use domain::Time;
use replay::{archive::Archive, selection::Organizations, source::Source};
use ulid::Ulid;

/// Repeats on a restored table the changes that ended something since the restored instant, as the audit events of the old table
/// or the events of an archive tell; or sends the events of a table to the bus again.
///
/// Region and credentials come from the environment, as `aws configure export-credentials --format env` prints them.
/// The exit code is 0 if everything is done, 2 if something is unresolved, and 1 after a failure: then run it again.
#[derive(Debug, Parser)]
#[command(name = "replay")]
pub(crate) struct Arguments {
    /// The table that was in use until the restore. With `--events` it may be gone.
    #[arg(long, required_unless_present_any = ["events", "publish"])]
    pub(crate) old_table: Option<String>,
    /// The table that was restored from it.
    #[arg(long, required_unless_present = "publish")]
    pub(crate) restored_table: Option<String>,
    /// The restored instant, in RFC 3339, for example `2026-11-03T10:00:00Z`; with `--publish` the instant of the first event.
    #[arg(long, value_parser = Time::parse)]
    pub(crate) since: Time,
    /// Read the events of an archive of the bus, one a line, and not the audit events of the old table; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "stack")]
    pub(crate) events: Option<PathBuf>,
    /// The stack's name: the `source` of its events, and the name of its bus.
    #[arg(long, value_parser = stack_name)]
    pub(crate) stack: Option<String>,
    /// Send the audit events of `--table` to the bus of `--stack` again.
    #[arg(
        long,
        requires_all = ["stack", "table"],
        conflicts_with_all = ["old_table", "restored_table", "events", "exceptions"]
    )]
    pub(crate) publish: bool,
    /// The table whose audit events are sent.
    #[arg(long, requires = "publish")]
    pub(crate) table: Option<String>,
    /// The id of an event that is not repeated, because it was a mistake; once for each event.
    #[arg(long = "except", value_name = "AUDIT_ID")]
    pub(crate) exceptions: Vec<Ulid>,
    /// Take the events of the organizations alone whose ids begin with this.
    #[arg(long, value_name = "START")]
    pub(crate) organizations: Option<Organizations>,
    /// Print what would be done, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The stack's parameter `DueShards`.
    #[arg(long, default_value_t = NonZeroU32::MIN)]
    pub(crate) due_shards: NonZeroU32,
    /// The stack's parameter `AuditRetentionDays`.
    #[arg(long, default_value_t = 400)]
    pub(crate) audit_retention_days: u32,
}

impl Arguments {
    /// Returns the days for which the audit events that are read are kept; `None` if an archive is read.
    pub(crate) fn kept_days(&self) -> Option<u32> {
        self.events.is_none().then_some(self.audit_retention_days)
    }

    /// Returns the name of the stack, which stands wherever it is required.
    pub(crate) fn stack(&self) -> &str {
        self.stack.as_deref().unwrap_or_default()
    }

    /// Returns the organizations whose events are taken.
    pub(crate) fn organizations(&self) -> Organizations {
        self.organizations.clone().unwrap_or_default()
    }

    /// Reads the archive, if one is given.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn archive(&self, now: Time) -> Result<Option<Source>, String> {
        let Some(path) = &self.events else { return Ok(None) };
        let organizations = &self.organizations();
        let archive = Archive { stack: self.stack(), since: self.since, now, organizations };
        let source = if path.as_os_str() == "-" {
            archive.read(io::stdin().lock())
        } else {
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            archive.read(BufReader::new(file))
        };
        source.map(Some).map_err(|error| api::causes(&error))
    }
}

/// Parses the name of a stack, and refuses an ARN.
fn stack_name(text: &str) -> Result<String, &'static str> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(is_of_name);
    if fits { Ok(text.to_owned()) } else { Err("must be the name of a stack: letters, digits and -") }
}

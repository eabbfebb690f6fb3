//! `cargo run -p replay`: repeats on a restored table the changes that ended something in the old one.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use api::{
    app::{Aws, Clock, Environment},
    causes,
};
use aws_sdk_dynamodb::{Client, types::TableDescription};
use clap::Parser;
use domain::Time;
use replay::{
    Replay, check,
    report::{Outcome, Report},
    source::Source,
};
use table::{Settings, Table};
use ulid::Ulid;

/// Repeats on a restored table the changes that ended something in the old table since the restored instant.
///
/// Region and credentials come from the environment, as `aws configure export-credentials --format env` prints them.
/// The exit code is 0 if everything is repeated, 2 if something is unresolved, and 1 after a failure: then run it again.
#[derive(Debug, Parser)]
#[command(name = "replay")]
struct Arguments {
    /// The table that was in use until the restore.
    #[arg(long)]
    old_table: String,
    /// The table that was restored from it.
    #[arg(long)]
    restored_table: String,
    /// The restored instant, in RFC 3339, for example `2026-11-03T10:00:00Z`.
    #[arg(long, value_parser = Time::parse)]
    since: Time,
    /// The id of an event that is not repeated, because it was a mistake; once for each event.
    #[arg(long = "except", value_name = "AUDIT_ID")]
    exceptions: Vec<Ulid>,
    /// Print what would be done, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The stack's parameter `DueShards`.
    #[arg(long, default_value_t = 1)]
    due_shards: u32,
    /// The stack's parameter `AuditRetentionDays`.
    #[arg(long, default_value_t = 400)]
    audit_retention_days: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
        Err(message) => {
            writeln!(io::stderr(), "error: {message}").ok();
            ExitCode::FAILURE
        }
    }
}

/// Returns the number of unresolved targets.
async fn run(arguments: &Arguments) -> Result<usize, String> {
    let now = Clock::default().now();
    check::since(arguments.since, now, arguments.audit_retention_days).map_err(|error| error.to_string())?;
    let environment = Environment::start().map_err(|error| error.to_string())?;
    let client = Aws::new(&environment).map_err(|error| error.to_string())?.dynamodb();
    let old = describe(&client, &arguments.old_table).await?;
    let restored = describe(&client, &arguments.restored_table).await?;
    check::tables(&old, &restored, arguments.since).map_err(|error| error.to_string())?;

    let Arguments { due_shards, audit_retention_days, .. } = *arguments;
    let table = |name: &String| {
        Table::new(client.clone(), name.clone(), Settings { due_shards, audit_retention_days })
    };
    let replay = Replay {
        old: table(&arguments.old_table),
        restored: table(&arguments.restored_table),
        since: arguments.since,
        at: now.into(),
        dry_run: arguments.dry_run,
    };
    let source = Source::scan(&replay.old, replay.since).await;
    let mut source = source.map_err(|error| format!("{}: nothing was written", error.shown()))?;
    if let Some(missing) = source.leave_out(&arguments.exceptions).first() {
        return Err(format!("no event {missing} since {}: nothing was written", replay.since));
    }
    let mut report = Report::new(io::stdout());
    let repeated = replay.run(&source, &mut report).await;
    let events = source.events.values().map(Vec::len).sum();
    let summarized = report.summarize(source.events.len(), events, replay.dry_run);
    let finished = repeated.and(summarized.map_err(replay::Error::from));
    finished.map_err(|error| format!("{}: run it again for the rest", error.shown()))?;
    Ok(report.count(Outcome::Unresolved))
}

async fn describe(client: &Client, name: &str) -> Result<TableDescription, String> {
    let described = client.describe_table().table_name(name).send().await;
    let described = described.map_err(|error| format!("the table {name}: {}", causes(&error)))?;
    described.table.ok_or_else(|| format!("the table {name} is not described"))
}

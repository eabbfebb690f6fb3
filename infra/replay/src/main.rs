//! `cargo run -p replay`: repeats on a restored table the changes that ended something in the old one, and sends events again.

mod arguments;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use api::{
    app::{Aws, Clock, Environment},
    causes,
};
use arguments::Arguments;
use aws_sdk_dynamodb::{Client, types::TableDescription};
use clap::Parser;
use domain::Time;
use replay::{
    Replay, check,
    publish::{Bus, Outgoing},
    report::{Outcome, Report},
    source::Source,
    stack::check_table,
};
use table::{Settings, Table};

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
    check::since(arguments.since, now, arguments.kept_days()).map_err(|error| error.to_string())?;
    let environment = Environment::start().map_err(|error| error.to_string())?;
    let aws = Aws::new(&environment).map_err(|error| error.to_string())?;
    if arguments.publish {
        return publish(arguments, &aws, &environment).await;
    }
    repeat(arguments, &aws.dynamodb(), now).await
}

/// Repeats changes on the restored table.
async fn repeat(arguments: &Arguments, client: &Client, now: Time) -> Result<usize, String> {
    let restored_table = arguments.restored_table.as_deref().unwrap_or_default();
    let old = match &arguments.old_table {
        Some(old) => Some(describe(client, old).await?),
        None => None,
    };
    let restored = describe(client, restored_table).await?;
    check::tables(old.as_ref(), &restored, arguments.since).map_err(|error| error.to_string())?;
    let replay = Replay {
        old: arguments.old_table.as_deref().map(|name| table(arguments, client, name)),
        restored: table(arguments, client, restored_table),
        since: arguments.since,
        at: now.into(),
        dry_run: arguments.dry_run,
    };
    let mut source =
        source(arguments, &replay).await.map_err(|error| format!("{error}: nothing was written"))?;
    let missing = source.leave_out(&arguments.exceptions);
    // An event that is left out may be one of the organizations that another run takes.
    if let Some(missing) = missing.first().filter(|_| arguments.organizations().are_all()) {
        return Err(format!("no event {missing} since {}: nothing was written", replay.since));
    }
    let mut report = Report::new(io::stdout());
    let repeated = replay.run(&source, &mut report).await;
    let events = source.events.values().map(Vec::len).sum();
    let summarized =
        report.summarize(source.events.len(), events, &arguments.organizations(), replay.dry_run);
    let finished = repeated.and(summarized.map_err(replay::Error::from));
    finished.map_err(|error| format!("{}: run it again for the rest", error.shown()))?;
    Ok(report.count(Outcome::Unresolved))
}

async fn source(arguments: &Arguments, replay: &Replay) -> Result<Source, String> {
    match (arguments.archive(replay.at.time())?, &replay.old) {
        (Some(archived), _) => Ok(archived),
        (None, Some(old)) => {
            Source::scan(old, replay.since, &arguments.organizations()).await.map_err(|error| error.shown())
        }
        (None, None) => Err("there is neither an archive nor an old table".to_owned()),
    }
}

/// Sends the events of a table to the bus again.
async fn publish(arguments: &Arguments, aws: &Aws, environment: &Environment) -> Result<usize, String> {
    let name = arguments.table.as_deref().unwrap_or_default();
    let mut config = aws_sdk_cloudformation::config::Builder::from(aws.config());
    config.set_endpoint_url(environment.endpoint("AWS_ENDPOINT_URL_CLOUDFORMATION"));
    let client = aws_sdk_cloudformation::Client::from_conf(config.build());
    check_table(&client, arguments.stack(), name)
        .await
        .map_err(|error| format!("{error}: nothing was sent"))?;
    let table = table(arguments, &aws.dynamodb(), name);
    let organizations = arguments.organizations();
    let outgoing = Outgoing::scan(&table, arguments.since, &organizations).await;
    let outgoing = outgoing.map_err(|error| error.shown())?;
    let mut config = aws_sdk_eventbridge::config::Builder::from(aws.config());
    config.set_endpoint_url(environment.endpoint("AWS_ENDPOINT_URL_EVENTBRIDGE"));
    let client = aws_sdk_eventbridge::Client::from_conf(config.build());
    let bus = Bus::new(client, arguments.stack().to_owned());
    let (mut report, mut count) = (Report::new(io::stdout()), 0);
    let sent = if arguments.dry_run { Ok(()) } else { bus.send(&outgoing, &mut count).await };
    let reported =
        report.sent(&outgoing, count, &organizations, arguments.dry_run).map_err(|error| causes(&error));
    sent.and(reported).map_err(|error| format!("{error}: run it again for the rest"))?;
    Ok(report.count(Outcome::Unresolved))
}

fn table(arguments: &Arguments, client: &Client, name: &str) -> Table {
    let Arguments { due_shards, audit_retention_days, .. } = *arguments;
    Table::new(client.clone(), name.to_owned(), Settings { due_shards, audit_retention_days })
}

async fn describe(client: &Client, name: &str) -> Result<TableDescription, String> {
    let described = client.describe_table().table_name(name).send().await;
    let described = described.map_err(|error| format!("the table {name}: {}", causes(&error)))?;
    described.table.ok_or_else(|| format!("the table {name} is not described"))
}

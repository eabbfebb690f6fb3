//! `cargo dev`: the local stack with a command line.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use local::{Options, Stack};
use tokio::signal::unix::{SignalKind, signal};

/// Runs the whole system on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev")]
struct Arguments {
    /// Port of the gateway.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of the AWS endpoints: `DynamoDB`, SES and Secrets Manager.
    #[arg(long, default_value_t = 8000)]
    dynamodb_port: u16,
    /// Keep nothing after the end.
    #[arg(long, conflicts_with = "data_dir")]
    memory: bool,
    /// Where table, secrets, keys and mails are kept [default: .local in the workspace].
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Start no functions; print the environment in which they run.
    #[arg(long)]
    aws_only: bool,
    /// Another `DynamoDB`, for example `http://localhost:8001`.
    #[arg(long)]
    dynamodb_endpoint: Option<String>,
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: arguments.port,
            dynamodb_port: arguments.dynamodb_port,
            memory: arguments.memory,
            data_dir: arguments.data_dir,
            aws_only: arguments.aws_only,
            dynamodb_endpoint: arguments.dynamodb_endpoint,
            instance_clocks: true,
            attended: true,
            ..Self::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            writeln!(io::stderr(), "error: {message}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let aws_only = arguments.aws_only;
    let no_signals = |cause: io::Error| format!("cannot listen for signals: {cause}");
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(no_signals)?;
    let stack = tokio::select! {
        stack = Stack::start(arguments.into()) => stack.map_err(|error| error.to_string())?,
        _ = interrupted.recv() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    };
    print_ready(&stack, aws_only).map_err(|cause| format!("cannot write to standard output: {cause}"))?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    stack.stop().await;
    Ok(())
}

/// Prints the ready line. With `--aws-only`, a shell can read the output: the line is a comment.
fn print_ready(stack: &Stack, aws_only: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if aws_only {
        for (name, value) in stack.environment() {
            writeln!(out, "export {name}='{}'", value.replace('\'', r"'\''"))?;
        }
        write!(out, "# ")?;
    }
    writeln!(out, "Ready: {}", stack.url())?;
    out.flush()
}

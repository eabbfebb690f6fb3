//! `cargo dev`: the local stack with a command line.

use std::{
    collections::BTreeSet,
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
    /// A parameter of the template; once for each parameter.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Print no line for each request, and of what the functions say their failures alone.
    #[arg(long)]
    quiet: bool,
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write Name=value")?;
    if name.is_empty() { Err("write Name=value") } else { Ok((name.to_owned(), value.to_owned())) }
}

/// Refuses a parameter that is given twice: one of the values would be ignored.
fn once_each(parameters: &[(String, String)]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match parameters.iter().find(|(name, _)| !seen.insert(name)) {
        Some((twice, _)) => Err(format!("--parameter {twice} is given twice: give it once")),
        None => Ok(()),
    }
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
            parameters: arguments.parameters.into_iter().collect(),
            quiet: arguments.quiet,
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
    once_each(&arguments.parameters)?;
    if !aws_only {
        // Cargo has just said that it finished: that was this program.
        writeln!(io::stderr(), "    Building the functions").ok();
    }
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

/// Prints the ready line, and for a person what to do next. With `--aws-only`, a shell can read the output: the line is
/// a comment.
fn print_ready(stack: &Stack, aws_only: bool) -> io::Result<()> {
    let (mut out, url) = (io::stdout().lock(), stack.url());
    if aws_only {
        for (name, value) in stack.environment() {
            writeln!(out, "export {name}='{}'", value.replace('\'', r"'\''"))?;
        }
        writeln!(out, "# Ready: {url}")?;
        return out.flush();
    }
    out.write_all(welcome(&url).as_bytes())?;
    out.flush()
}

/// Says where the stack is, and what a person needs next.
fn welcome(url: &str) -> String {
    format!(
        "Ready: {url}

  Sign in   curl '{url}/_local/sign-in?subject=alice&email=alice@example.com'
            It answers a token, for the header `authorization: Bearer <token>`.
  Console   {url}/console, where anybody signs in as anybody
  Mails     {url}/_local/emails
  API       {url}/v1/openapi.json
  End       Ctrl-C

"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        let arguments = ["cargo dev"].iter().chain(arguments);
        let arguments = Arguments::try_parse_from(arguments).map_err(|error| error.to_string())?;
        once_each(&arguments.parameters)?;
        Ok(arguments.into())
    }

    #[test]
    fn the_ready_line_comes_first_and_says_by_itself_where_the_stack_is() {
        let text = welcome("http://127.0.0.1:3000");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("Ready: http://127.0.0.1:3000"));
        for path in ["/_local/sign-in?subject=", "/console", "/_local/emails"] {
            assert!(text.contains(&format!("http://127.0.0.1:3000{path}")), "{path}");
        }
        assert!(lines.all(|line| !line.contains("Ready")));
    }

    #[test]
    fn parameters_are_repeatable_and_each_is_given_once() {
        let options =
            parsed(&["--parameter", "A=1", "--parameter=B=x=y", "--parameter", "C=", "--quiet"]).unwrap();
        let expected = [("A", "1"), ("B", "x=y"), ("C", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((options.parameters, options.quiet), (expected.into(), true));
        for (arguments, message) in [
            (["--parameter", "A=1", "--parameter", "A=1"].as_slice(), "--parameter A is given twice"),
            (&["--parameter", "A"], "write Name=value"),
            (&["--parameter", "=1"], "write Name=value"),
        ] {
            let problem = parsed(arguments).unwrap_err();
            assert!(problem.contains(message), "{problem}");
        }
    }
}

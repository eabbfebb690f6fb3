//! One instance's process: its environment and its end.

use std::{io, path::Path, process::Stdio, sync::Arc};

use tokio::{
    process::{Child, Command},
    sync::watch,
};

use super::{Caller, RuntimeConfig, instance_clock::InstanceClock, output::Output};
use crate::template::{REGION, functions::FunctionSettings};

/// The session token in the credentials of every role.
pub(crate) const SESSION_TOKEN: &str = "LOCAL-SESSION";

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    output: Arc<Output>,
}

/// Returns the variables that the Lambda service and the endpoints add to a function's own.
pub(crate) fn service_variables(aws: &str, access_key_id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", access_key_id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", aws.to_owned()),
        ("AWS_ENDPOINT_URL_SES", aws.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.to_owned()),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", aws.to_owned()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", aws.to_owned()),
        ("AWS_ENDPOINT_URL_S3", aws.to_owned()),
    ]
}

/// Starts a binary as an instance of its function.
pub(super) fn start(
    binary: &Path,
    caller: &Caller,
    function: &FunctionSettings,
    config: &RuntimeConfig,
    clock: Option<&InstanceClock>,
) -> io::Result<Process> {
    let name = &function.name;
    let (output, [out, errors]) = Output::new(name, &config.logs)?;
    let child = Command::new(binary)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", format!("{}/{name}/{}", config.runtime_api, caller.instance))
        .envs(variables(caller, function, config))
        .envs(clock.into_iter().flat_map(InstanceClock::variables))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()?;
    Ok(Process { child, output: Arc::new(output) })
}

/// Returns the environment of an instance, but for the address of the runtime API.
pub(super) fn variables(
    caller: &Caller,
    function: &FunctionSettings,
    config: &RuntimeConfig,
) -> impl Iterator<Item = (String, String)> {
    let name = &function.name;
    let of_lambda = [
        ("AWS_SESSION_TOKEN", SESSION_TOKEN.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_megabytes.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", caller.instance.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_rust".to_owned()),
    ];
    let service = service_variables(&config.aws, &caller.access_key_id());
    let all = service.into_iter().chain(of_lambda).map(|(name, value)| (name.to_owned(), value));
    all.chain(function.environment.clone())
}

impl Process {
    /// Returns what the process writes.
    pub(super) fn output(&self) -> Arc<Output> {
        Arc::clone(&self.output)
    }

    /// Runs until the process ends or is killed. By then every line that it wrote is in the logs.
    pub(super) async fn run(mut self, mut killed: watch::Receiver<bool>) {
        let end = async {
            tokio::select! {
                _ = self.child.wait() => {}
                () = kill_requested(&mut killed) => {
                    self.child.kill().await.ok();
                }
            }
        };
        tokio::join!(self.output.follow(), end);
    }
}

async fn kill_requested(killed: &mut watch::Receiver<bool>) {
    killed.wait_for(|killed| *killed).await.ok();
}

//! One running stack.

mod assemble;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    sync::Arc,
};

use dynoxide::Database;
use serde_json::Value;

pub(crate) use self::assemble::Functions;
use crate::{
    aws::{Aws, calls::Calls, cloudformation::CloudFormation, faults::Faults, mail::Email, ses::Quota},
    binaries,
    clock::Clock,
    error::StackError,
    freeze::{self, Freeze, FreezeError},
    gateway::access_log::AccessLog,
    issuer::Issuer,
    options::Options,
    pipe::Pipe,
    runtime::{Caller, FunctionError, Instances, Logs, Runtime},
    schedules::Schedules,
    tasks::Tasks,
};

/// A running stack. Everything that it started ends with it.
pub struct Stack {
    pub(crate) runtime: Arc<Runtime>,
    /// The URL at which tests play instances.
    #[cfg(test)]
    pub(crate) runtime_api: String,
    address: SocketAddr,
    environment: BTreeMap<String, String>,
    aws: Arc<Aws>,
    database: Option<Database>,
    issuer: Arc<Issuer>,
    pipe: Arc<Pipe>,
    schedules: Arc<Schedules>,
    logs: Logs,
    access_log: Arc<AccessLog>,
    clock: Clock,
    tasks: Arc<Tasks>,
}

impl Stack {
    /// Builds the functions, once in a process, and starts everything. Requests work when it returns.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        let workspace = binaries::workspace()?;
        let path = workspace.join("template.yaml");
        let text = match &options.template {
            Some(text) => text.clone(),
            None => std::fs::read_to_string(&path).map_err(|cause| StackError::Data { path, cause })?,
        };
        Self::assemble(options, &workspace, &text, Functions::Build).await
    }

    /// Returns the gateway's URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Invokes a function with an event and returns its response.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, FunctionError> {
        self.runtime.invoke(function, event).await
    }

    /// Invokes a function with the bytes of an event, which may be anything, and returns those of its response.
    pub async fn invoke_bytes(&self, function: &str, event: Vec<u8>) -> Result<Vec<u8>, FunctionError> {
        Ok(self.runtime.invoke_bytes(function, event.into()).await?.to_vec())
    }

    /// Runs a function's schedule now, with fields (such as `time`) that override its input.
    pub async fn run_schedule(&self, function: &str, fields: &Value) -> Option<Result<Value, FunctionError>> {
        self.schedules.run_now(function, fields).await
    }

    /// Starts instances until a function has this many (at most the cap), each ready for an event. Events
    /// go round the idle instances: as many requests, one after the other, reach each instance once.
    pub async fn warm_up(&self, function: &str, instances: usize) -> Result<(), FunctionError> {
        self.runtime.warm_up(function, instances).await
    }

    /// Kills an instance of a function, by its number in [`Calls`], and waits until it is gone.
    pub async fn kill(&self, function: &str, instance: u32) {
        self.runtime.kill(&Caller { function: function.to_owned(), instance }).await;
    }

    /// Counts a function's instances.
    #[must_use]
    pub fn instances(&self, function: &str) -> Instances {
        self.runtime.instances(function)
    }

    /// Names the functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.runtime.names()
    }

    /// Returns the faults in force, to add to.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.aws.faults
    }

    /// Lists the mutants of the requests to the table that this stack has seen, where [`Writes`](crate::Writes) says so. A name comes a second
    /// time, with `\trefused` at its end, if the table refused the condition.
    #[must_use]
    pub fn mutants(&self) -> Vec<String> {
        self.aws.mutants.seen()
    }

    /// Lists the grants of the functions' roles: function, statement, action and resource, with tabs between them.
    #[must_use]
    pub fn grants(&self) -> BTreeSet<String> {
        self.aws.permissions.grants()
    }

    /// Lists the grants by which a call was allowed.
    #[must_use]
    pub fn used_grants(&self) -> BTreeSet<String> {
        self.aws.permissions.used_grants()
    }

    /// Returns the calls to the AWS endpoints.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.aws.calls
    }

    /// Returns the lines that the functions write.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Returns the lines of the gateway's access log.
    #[must_use]
    pub fn access_log(&self) -> Vec<String> {
        self.access_log.lines()
    }

    /// Returns the mails that SES accepted.
    #[must_use]
    pub fn emails(&self) -> Vec<Email> {
        self.aws.ses.emails()
    }

    /// Lets the pipe take all new records, and returns the lifecycle events that are on the bus.
    pub async fn events(&self) -> Result<Vec<Value>, StackError> {
        self.pipe.events().await
    }

    /// Lets the pipe take all new records, and returns the messages of the queue for what it could not deliver.
    pub async fn undelivered_events(&self) -> Result<Vec<Value>, StackError> {
        self.pipe.undelivered().await
    }

    /// Sets the quota of SES.
    pub fn set_quota(&self, quota: Quota) {
        self.aws.ses.set_quota(quota);
    }

    /// Returns the stacks that are deployed beside this one.
    #[must_use]
    pub fn cloudformation(&self) -> &CloudFormation {
        &self.aws.cloudformation
    }

    /// Returns the clock of the gateway, the schedules and the issuer.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Lets time pass for everything but the instances that are frozen: their clocks stand still.
    pub fn freeze(&self, freeze: &Freeze) -> Result<(), FreezeError> {
        freeze.apply(&self.clock, &self.runtime)
    }

    /// Lets time pass for the gateway, the schedules and all instances. [`Clock::shift`] leaves out the instances.
    pub fn pass_time(&self, seconds: u32) -> Result<(), FreezeError> {
        freeze::pass(seconds, &self.clock, &self.runtime, |_, _| false)
    }

    /// Closes the idle connections to the AWS endpoints. The next request of each meets a closed connection.
    pub fn close_idle_connections(&self) {
        self.aws.idle.close();
    }

    /// Counts the requests to the AWS endpoints that met a closed connection.
    #[must_use]
    pub fn requests_on_closed_connections(&self) -> u64 {
        self.aws.idle.met()
    }

    /// Returns the database in this process; `None` if the stack uses another `DynamoDB`.
    #[must_use]
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// Returns the development issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Reads the current value of a secret, by its name or ARN.
    #[must_use]
    pub fn secret(&self, id: &str) -> Option<String> {
        self.aws.secrets.current(id)
    }

    /// Makes a value a secret's current one; `false` if there is no such secret.
    #[must_use]
    pub fn put_secret(&self, id: &str, value: &str) -> bool {
        self.aws.secrets.put(id, value.to_owned())
    }

    /// Reads the value of a secret that has a staging label, by its name or ARN.
    #[must_use]
    pub fn staged_secret(&self, id: &str, stage: &str) -> Option<String> {
        self.aws.secrets.at_stage(id, stage)
    }

    /// Rotates a secret by its function, or takes up a rotation that failed. Returns the id of the new version; the error
    /// names the step that failed.
    pub async fn rotate_secret(&self, id: &str) -> Result<String, String> {
        self.aws.rotate_secret(id).await
    }

    /// Returns the environment in which a function runs outside the stack.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Returns the environment of a function's instance, but for the address of the runtime API.
    #[must_use]
    pub fn variables(&self, function: &str) -> Option<BTreeMap<String, String>> {
        self.runtime.variables(function)
    }

    /// Ends everything and waits for it. The returned logs are complete.
    pub async fn stop(self) -> Logs {
        self.runtime.stop().await;
        self.tasks.stop().await;
        self.logs.clone()
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_struct("Stack").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

//! One running stack.

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::Path, sync::Arc};

use dynoxide::Database;
use serde_json::Value;

use crate::{
    aws::{
        self, Aws,
        calls::Calls,
        dynamodb::{self, DynamoDb},
        faults::Faults,
        mail::Email,
        secrets::Secrets,
        ses::{Quota, Ses},
    },
    binaries::{self, Binaries},
    clock::Clock,
    data::Data,
    error::StackError,
    gateway::{self, Gateway, local::Local},
    http,
    issuer::Issuer,
    options::Options,
    runtime::{self, FunctionError, Instances, Logs, Runtime, Surroundings},
    schedules::Schedules,
    tasks::Tasks,
    template::Template,
};

/// A running stack; everything it started ends with it.
pub struct Stack {
    pub(crate) runtime: Arc<Runtime>,
    /// Where tests play instances.
    #[cfg(test)]
    pub(crate) runtime_api: String,
    address: SocketAddr,
    environment: BTreeMap<String, String>,
    aws: Arc<Aws>,
    database: Option<Database>,
    issuer: Arc<Issuer>,
    schedules: Arc<Schedules>,
    logs: Logs,
    clock: Clock,
    tasks: Arc<Tasks>,
}

/// Where the binaries come from.
#[derive(Debug)]
pub(crate) enum Functions {
    /// From the workspace.
    Build,
    /// From a test, which plays the instances of those that it leaves out.
    #[cfg(test)]
    Given(Binaries),
}

impl Stack {
    /// Builds the functions, once in a process, and starts everything; requests work when it returns.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        let workspace = binaries::workspace()?;
        let path = workspace.join("template.yaml");
        let text = std::fs::read_to_string(&path).map_err(|cause| StackError::Data { path, cause })?;
        Self::assemble(options, &workspace, &text, Functions::Build).await
    }

    /// Starts a stack of a template.
    pub(crate) async fn assemble(
        options: Options,
        workspace: &Path,
        template: &str,
        functions: Functions,
    ) -> Result<Self, StackError> {
        let (gateway_listener, address) = http::listen(options.port, "--port").await?;
        let (aws_listener, aws_address) = http::listen(options.dynamodb_port, "--dynamodb-port").await?;
        let (runtime_listener, runtime_address) = http::listen(0, "").await?;
        let issuer_url = format!("http://{address}/_local/oidc");
        let mut template = Template::read(template, &issuer_url, &options.parameters)?;
        let environment =
            with_environment(&mut template, &options.environment, &format!("http://{aws_address}"));

        let built = match functions {
            Functions::Build if !options.aws_only => {
                let built = binaries::build(workspace, options.profile).await?;
                let missing = template.functions.iter().find(|function| !built.contains_key(&function.name));
                if let Some(missing) = missing {
                    return Err(StackError::NoSuchFunction { function: missing.name.clone() });
                }
                built.clone()
            }
            Functions::Build => Binaries::new(),
            #[cfg(test)]
            Functions::Given(given) => given,
        };

        let tasks = Arc::new(Tasks::new());
        let clock = Clock::default();
        let data = if options.memory {
            Data::memory()
        } else {
            Data::directory(&options.data_dir.unwrap_or_else(|| workspace.join(".local")))?
        };
        let (database, dynamodb) = if let Some(endpoint) = options.dynamodb_endpoint {
            (None, DynamoDb::at(&endpoint)?)
        } else {
            let (database, endpoint) = dynamodb::start_engine(&data, &tasks).await?;
            (Some(database), DynamoDb::at(&endpoint)?)
        };
        for table in &template.tables {
            dynamodb.create(table).await?;
        }

        let logs = if options.attended { Logs::printed() } else { Logs::kept() };
        let surroundings = Surroundings {
            runtime_api: format!("http://{runtime_address}"),
            aws: format!("http://{aws_address}"),
            instance_cap: options.instance_cap,
            logs: logs.clone(),
        };
        let runtime = Runtime::new(template.functions, &built, &surroundings, &tasks);
        let schedules = Schedules::new(template.schedules, Arc::clone(&runtime), clock.clone());
        let aws = Arc::new(Aws {
            dynamodb,
            ses: Ses::open(data.clone())?,
            secrets: Secrets::open(data.clone(), &template.secrets)?,
            faults: Faults::default(),
            calls: Calls::default(),
            runtime: Arc::clone(&runtime),
        });
        let issuer = Arc::new(Issuer::open(&data, issuer_url, clock.clone())?);
        let local = Local {
            aws: Arc::clone(&aws),
            issuer: Arc::clone(&issuer),
            schedules: Arc::clone(&schedules),
            clock: clock.clone(),
        };
        let api = if options.aws_only { crate::template::api::Api::default() } else { template.api };
        let gateway = Gateway::new(api, Arc::clone(&runtime), clock.clone(), local);
        tasks.spawn(runtime::serve(runtime_listener, Arc::clone(&runtime)));
        tasks.spawn(aws::serve(aws_listener, Arc::clone(&aws)));
        tasks.spawn(gateway::serve(gateway_listener, gateway));
        if options.attended && !options.aws_only {
            schedules.tick(&tasks);
        }
        Ok(Self {
            runtime,
            #[cfg(test)]
            runtime_api: surroundings.runtime_api,
            address,
            environment,
            aws,
            database,
            issuer,
            schedules,
            logs,
            clock,
            tasks,
        })
    }

    /// Returns the gateway's URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Invokes a function with an event and returns its answer.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, FunctionError> {
        self.runtime.invoke(function, event).await
    }

    /// Runs a function's schedule now, with fields (such as `time`) that win over its input.
    pub async fn run_schedule(&self, function: &str, fields: &Value) -> Option<Result<Value, FunctionError>> {
        self.schedules.run_now(function, fields).await
    }

    /// Starts instances until a function has this many (at most the cap), each ready for an event. Events
    /// go round the idle instances, so as many requests one after the other reach each of them once.
    pub async fn warm_up(&self, function: &str, instances: usize) -> Result<(), FunctionError> {
        self.runtime.warm_up(function, instances).await
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

    /// Returns the calls to the AWS endpoints.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.aws.calls
    }

    /// Returns what the functions write.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Returns the mails that SES accepted.
    #[must_use]
    pub fn emails(&self) -> Vec<Email> {
        self.aws.ses.emails()
    }

    /// Sets what SES allows.
    pub fn set_quota(&self, quota: Quota) {
        self.aws.ses.set_quota(quota);
    }

    /// Returns the clock of the gateway, the schedules and the issuer.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the database in this process; `None` with another endpoint.
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

    /// Returns the variables with which a function runs outside the stack.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Ends everything and waits for it; the logs are whole then.
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

/// Adds the given variables to every function, and returns all that any function has.
fn with_environment(
    template: &mut Template,
    given: &BTreeMap<String, String>,
    aws: &str,
) -> BTreeMap<String, String> {
    let service = runtime::service_variables(aws, "local");
    let mut all: BTreeMap<String, String> =
        service.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for function in &mut template.functions {
        function.environment.extend(given.clone());
        all.extend(function.environment.clone());
    }
    all
}

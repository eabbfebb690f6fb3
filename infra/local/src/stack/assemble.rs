//! Assembles a stack, the cheap checks first.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use super::Stack;
use crate::{
    aws::{
        self, Aws,
        bus::Bus,
        calls::Calls,
        cloudformation::CloudFormation,
        dynamodb::{self, DynamoDb},
        faults::Faults,
        mutants::Mutants,
        permissions::{Permissions, Resources},
        secrets::Secrets,
        ses::Ses,
    },
    binaries::{self, Binaries},
    clock::Clock,
    data::DataDirectory,
    error::StackError,
    gateway::{
        self, Gateway,
        access_log::{AccessLog, Destination},
        local::LocalRoutes,
    },
    http::{self, IdleConnections},
    issuer::{ConsoleClient, Issuer},
    options::{Options, Profile},
    pipe::Pipe,
    runtime::{self, InstanceClocks, Logs, Runtime, RuntimeConfig},
    schedules::Schedules,
    tasks::Tasks,
    template::{LocalUrls, Template, api::Api, functions::FunctionSettings},
    terminal::Terminal,
};

/// The source of the function binaries.
#[derive(Debug)]
pub(crate) enum Functions {
    /// Built from the workspace.
    Build,
    /// Given by a test, which plays the instances of the functions that it leaves out.
    #[cfg(test)]
    Given(Binaries),
}

impl Stack {
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
        let urls = urls(&options, address);
        let mut template = Template::read(template, &urls, &options.parameters)?;
        if matches!(functions, Functions::Build) {
            template.add_rotation(&rotation(workspace)?)?;
        }
        let environment =
            with_environment(&mut template, &options.environment, &format!("http://{aws_address}"));

        let tasks = Arc::new(Tasks::new());
        let clock = Clock::default();
        let data = if options.memory {
            DataDirectory::none()
        } else {
            DataDirectory::at(&options.data_dir.unwrap_or_else(|| workspace.join(".local")))?
        };
        let (database, dynamodb) = if let Some(endpoint) = &options.dynamodb_endpoint {
            (None, DynamoDb::at(endpoint)?)
        } else {
            let (database, dynamodb) = dynamodb::start_engine(&data, &tasks, template.pipe.is_some()).await?;
            (Some(database), dynamodb)
        };
        for table in &template.tables {
            dynamodb.create(table).await?;
        }
        let binaries = match functions {
            Functions::Build if options.aws_only => Binaries::new(),
            Functions::Build => build(workspace, options.profile, &template.functions).await?,
            #[cfg(test)]
            Functions::Given(given) => given,
        };

        let resources = Resources::new(&template.tables, &template.secrets);
        let permissions = Permissions::new(template.roles, resources);
        let (logs, log_destination) = destinations(options.attended, options.quiet);
        let faults = Faults::default();
        let config = RuntimeConfig {
            runtime_api: format!("http://{runtime_address}"),
            aws: format!("http://{aws_address}"),
            instance_cap: options.instance_cap,
            logs: logs.clone(),
            faults: faults.clone(),
            clocks: if options.instance_clocks { instance_clocks()? } else { None },
        };
        let runtime = Runtime::new(template.functions, &binaries, &config, &tasks);
        let schedules = Schedules::new(template.schedules, Arc::clone(&runtime), clock.clone());
        let table = template.tables.first().and_then(|table| table.create["TableName"].as_str());
        let aws = Arc::new(Aws {
            dynamodb,
            ses: Ses::open(data.clone())?,
            bus: Bus::open(data.clone())?,
            secrets: Secrets::open(data.clone(), &template.secrets)?,
            cloudformation: CloudFormation::new(&config.aws, table.unwrap_or_default()),
            faults,
            calls: Calls::default(),
            mutants: Mutants::new(options.writes),
            idle: IdleConnections::default(),
            permissions,
            runtime: Arc::clone(&runtime),
        });
        let client = ConsoleClient::new(&template.console_client, address.port());
        let issuer = Arc::new(Issuer::open(&data, urls.issuer, client, clock.clone())?);
        let pipe = Pipe::open(template.pipe, table.map(str::to_owned), Arc::clone(&aws), data.clone())?;
        let pipe = Arc::new(pipe);
        let local = LocalRoutes {
            pipe: Arc::clone(&pipe),
            aws: Arc::clone(&aws),
            issuer: Arc::clone(&issuer),
            schedules: Arc::clone(&schedules),
            clock: clock.clone(),
            client_secret_id: template.client_secret,
        };
        let api = if options.aws_only { Api::default() } else { template.api };
        let access_log = Arc::new(AccessLog::new(api.access_log.clone(), log_destination));
        let gateway = Gateway::new(api, Arc::clone(&runtime), clock.clone(), local, Arc::clone(&access_log));
        tasks.spawn(runtime::serve(runtime_listener, Arc::clone(&runtime)));
        tasks.spawn(aws::serve(aws_listener, Arc::clone(&aws)));
        tasks.spawn(gateway::serve(gateway_listener, gateway));
        if options.attended && !options.aws_only {
            schedules.start(&tasks);
        }
        Ok(Self {
            runtime,
            #[cfg(test)]
            runtime_api: config.runtime_api,
            address,
            environment,
            aws,
            database,
            issuer,
            pipe,
            schedules,
            logs,
            access_log,
            clock,
            tasks,
        })
    }
}

/// Returns where the lines of the functions go, and those of the access log.
fn destinations(attended: bool, quiet: bool) -> (Logs, Destination) {
    if !attended {
        return (Logs::kept(), Destination::Kept);
    }
    let terminal = Arc::new(Terminal::of_standard_error(quiet));
    (Logs::shown(Arc::clone(&terminal)), Destination::Shown(terminal))
}

/// Returns the URLs of this stack that parameters take.
fn urls(options: &Options, address: SocketAddr) -> LocalUrls {
    let issuer = |host: &str| format!("http://{host}:{}/_local/oidc", address.port());
    // A developer may name this very issuer by its other host.
    let given = options.parameters.get("OidcIssuer").filter(|given| **given == issuer("localhost"));
    LocalUrls {
        issuer: given.cloned().unwrap_or_else(|| issuer(options.issuer_host)),
        console: format!("http://{address}/console"),
    }
}

/// Reads the template that consumers deploy.
fn rotation(workspace: &Path) -> Result<String, StackError> {
    let path = workspace.join("infra/rotation/template.yaml");
    std::fs::read_to_string(&path).map_err(|cause| StackError::Data { path, cause })
}

fn instance_clocks() -> Result<Option<Arc<InstanceClocks>>, StackError> {
    let clocks = InstanceClocks::new();
    let clocks = clocks.map_err(|cause| StackError::Data { path: std::env::temp_dir(), cause })?;
    Ok(clocks.map(Arc::new))
}

async fn build(
    workspace: &Path,
    profile: Profile,
    functions: &[FunctionSettings],
) -> Result<Binaries, StackError> {
    let folder = |function: &&FunctionSettings| workspace.join("functions").join(&function.name).is_dir();
    if let Some(missing) = functions.iter().find(|function| !folder(function)) {
        return Err(StackError::NoSuchFunction { function: missing.name.clone() });
    }
    let built = binaries::build(workspace, profile).await?;
    match functions.iter().find(|function| !built.contains_key(&function.name)) {
        Some(missing) => Err(StackError::NoSuchFunction { function: missing.name.clone() }),
        None => Ok(built.clone()),
    }
}

/// Adds the given variables to every function, and returns the variables of all functions together.
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

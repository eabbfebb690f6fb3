//! The Lambda service: functions, their instances, and the runtime API from which the instances take their events.

mod api;
mod caller;
mod function;
mod instance;
mod instance_clock;
pub(crate) mod logs;
mod output;
mod process;
mod state;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::Value;

use self::function::Function;
pub(crate) use self::{caller::Caller, instance_clock::InstanceClocks};
pub use self::{
    instance::FunctionError,
    logs::{LogLine, Logs},
    state::Instances,
};
use crate::{aws::faults::Faults, random, tasks::Tasks, template::functions::FunctionSettings};

/// The settings that all functions share.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeConfig {
    /// `http://host:port` of the runtime API.
    pub(crate) runtime_api: String,
    /// `http://host:port` of the AWS endpoints.
    pub(crate) aws: String,
    /// How many instances a function may have at once.
    pub(crate) instance_cap: usize,
    /// The destination of the lines that the binaries write.
    pub(crate) logs: Logs,
    /// The faults that strike invocations.
    pub(crate) faults: Faults,
    /// The clocks of the instances; `None` if all have the machine's.
    pub(crate) clocks: Option<Arc<InstanceClocks>>,
}

/// Every function of the stack.
#[derive(Debug)]
pub(crate) struct Runtime {
    functions: BTreeMap<String, Arc<Function>>,
    faults: Faults,
    has_clocks: bool,
}

impl Runtime {
    /// Makes the functions ready. Each starts its instances on demand.
    pub(crate) fn new(
        settings: Vec<FunctionSettings>,
        binaries: &BTreeMap<String, PathBuf>,
        config: &RuntimeConfig,
        tasks: &Arc<Tasks>,
    ) -> Arc<Self> {
        let functions = settings.into_iter().map(|settings| {
            let binary = binaries.get(&settings.name).cloned();
            let name = settings.name.clone();
            (name, Function::new(settings, binary, config.clone(), Arc::clone(tasks)))
        });
        Arc::new(Self {
            functions: functions.collect(),
            faults: config.faults.clone(),
            has_clocks: config.clocks.is_some(),
        })
    }

    /// Invokes a function and waits for its response.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value, FunctionError> {
        self.invoke_as(&random::uuid(), function, event).await
    }

    /// Invokes a function with an event, as the request of this id.
    pub(crate) async fn invoke_as(
        &self,
        id: &str,
        function: &str,
        event: &Value,
    ) -> Result<Value, FunctionError> {
        let event = serde_json::to_vec(event).expect("an event is plain data");
        let response = self.invoke_bytes_as(id, function, event.into()).await?;
        serde_json::from_slice(&response).map_err(|_| FunctionError::invalid_response())
    }

    /// Invokes a function with the bytes of its event.
    pub(crate) async fn invoke_bytes(&self, function: &str, event: Bytes) -> Result<Bytes, FunctionError> {
        self.invoke_bytes_as(&random::uuid(), function, event).await
    }

    /// Invokes a function with the bytes of its event, as the request of this id.
    pub(crate) async fn invoke_bytes_as(
        &self,
        id: &str,
        function: &str,
        event: Bytes,
    ) -> Result<Bytes, FunctionError> {
        let found = self.get(function)?;
        if self.faults.strike_invocation(function) {
            return Err(FunctionError::throttled());
        }
        found.invoke(id.to_owned(), event).await
    }

    /// Starts instances until a function has this many, and waits until each is ready.
    pub(crate) async fn warm_up(&self, function: &str, instances: usize) -> Result<(), FunctionError> {
        self.get(function)?.warm_up(instances).await
    }

    /// Counts a function's instances.
    pub(crate) fn instances(&self, function: &str) -> Instances {
        self.get(function).map(|function| function.count()).unwrap_or_default()
    }

    /// Kills an instance and waits until it is gone.
    pub(crate) async fn kill(&self, caller: &Caller) {
        if let Some(function) = self.functions.get(&caller.function) {
            function.kill(caller.instance).await;
        }
    }

    /// Tells whether an instance ran once and has ended.
    pub(crate) fn has_ended(&self, caller: &Caller) -> bool {
        self.functions.get(&caller.function).is_some_and(|function| function.has_ended(caller.instance))
    }

    /// Tells whether the instances have clocks of their own.
    pub(crate) const fn has_clocks(&self) -> bool {
        self.has_clocks
    }

    /// Moves the clocks of all instances forward but those of the frozen ones.
    pub(crate) fn pass(&self, time: Duration, is_frozen: impl Fn(&str, u32) -> bool) {
        for (name, function) in &self.functions {
            function.pass(time, |number| is_frozen(name, number));
        }
    }

    /// Kills every instance and waits until all are gone.
    pub(crate) async fn stop(&self) {
        for function in self.functions.values() {
            function.stop().await;
        }
    }

    /// Names every function.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// Returns the environment of an instance, but for the address of the runtime API.
    pub(crate) fn variables(&self, function: &str) -> Option<BTreeMap<String, String>> {
        self.functions.get(function).map(|function| function.variables())
    }

    fn get(&self, function: &str) -> Result<&Arc<Function>, FunctionError> {
        self.functions.get(function).ok_or_else(|| FunctionError::unknown(function))
    }
}

pub(crate) use self::{
    api::serve,
    process::{SESSION_TOKEN, service_variables},
};

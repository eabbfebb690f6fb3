//! The Lambda service: functions, their instances and the runtime API that the instances speak.

mod api;
mod caller;
mod function;
mod instance;
pub(crate) mod logs;
mod process;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use bytes::Bytes;
use serde_json::Value;

pub(crate) use self::caller::Caller;
use self::function::Function;
pub use self::{
    function::Instances,
    instance::FunctionError,
    logs::{LogLine, Logs},
};
use crate::{tasks::Tasks, template::functions::Function as Declared};

/// What every function is started with.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// `http://host:port` of the runtime API.
    pub(crate) runtime_api: String,
    /// `http://host:port` of the AWS endpoints.
    pub(crate) aws: String,
    /// How many instances a function may have at once.
    pub(crate) instance_cap: usize,
    /// Where the binaries' lines go.
    pub(crate) logs: Logs,
}

/// Every function of the stack.
#[derive(Debug)]
pub(crate) struct Runtime {
    functions: BTreeMap<String, Arc<Function>>,
}

impl Runtime {
    /// Makes the functions ready; each starts its instances on demand.
    pub(crate) fn new(
        declared: Vec<Declared>,
        binaries: &BTreeMap<String, PathBuf>,
        surroundings: &Surroundings,
        tasks: &Arc<Tasks>,
    ) -> Arc<Self> {
        let functions = declared.into_iter().map(|declared| {
            let binary = binaries.get(&declared.name).cloned();
            let name = declared.name.clone();
            (name, Function::new(declared, binary, surroundings.clone(), Arc::clone(tasks)))
        });
        Arc::new(Self { functions: functions.collect() })
    }

    /// Invokes a function and waits for its answer.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value, FunctionError> {
        let event = serde_json::to_vec(event).expect("an event is plain data");
        let answer = self.invoke_bytes(function, event.into()).await?;
        serde_json::from_slice(&answer).map_err(|_| FunctionError::odd_answer())
    }

    /// Invokes a function with the bytes of its event.
    pub(crate) async fn invoke_bytes(&self, function: &str, event: Bytes) -> Result<Bytes, FunctionError> {
        self.get(function)?.invoke(event).await
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

    /// Returns what an instance is started with, but for the address of the runtime API.
    pub(crate) fn variables(&self, function: &str) -> Option<BTreeMap<String, String>> {
        self.functions.get(function).map(|function| function.variables())
    }

    fn get(&self, function: &str) -> Result<&Arc<Function>, FunctionError> {
        self.functions.get(function).ok_or_else(|| FunctionError::unknown(function))
    }
}

pub(crate) use self::{api::serve, process::service_variables};

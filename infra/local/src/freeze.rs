//! Freezing: time passes for everything but some instances, whose clocks stand still.

use std::time::Duration;

use serde::Deserialize;

use crate::{clock::Clock, runtime::Runtime};

/// Freezes the instances of a function for some time, as Lambda does between two requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    function: String,
    /// One instance; every instance of the function if absent.
    #[serde(default)]
    instance: Option<u32>,
    seconds: u32,
}

/// Explains why no time passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// All instances have the clock of the machine.
    #[error("the instances have no clocks of their own: start with `instance_clocks`, on Linux with 64 bits")]
    NoClocks,
    /// There is no such function.
    #[error("template.yaml has no such function")]
    NoSuchFunction,
}

impl Freeze {
    /// Freezes every instance of a function.
    #[must_use]
    pub fn function(function: &str, seconds: u32) -> Self {
        Self { function: function.to_owned(), instance: None, seconds }
    }

    /// Freezes one instance alone, by its number.
    #[must_use]
    pub fn instance(self, number: u32) -> Self {
        Self { instance: Some(number), ..self }
    }

    /// Lets the time pass for the gateway, the schedules and all other instances.
    pub(crate) fn apply(&self, clock: &Clock, runtime: &Runtime) -> Result<(), FreezeError> {
        if !runtime.names().any(|name| name == self.function) {
            return Err(FreezeError::NoSuchFunction);
        }
        pass(self.seconds, clock, runtime, |function, instance| {
            function == self.function && self.instance.is_none_or(|frozen| frozen == instance)
        })
    }
}

/// Lets time pass for the gateway, the schedules and all instances but the frozen ones.
pub(crate) fn pass(
    seconds: u32,
    clock: &Clock,
    runtime: &Runtime,
    is_frozen: impl Fn(&str, u32) -> bool,
) -> Result<(), FreezeError> {
    if !runtime.has_clocks() {
        return Err(FreezeError::NoClocks);
    }
    runtime.pass(Duration::from_secs(seconds.into()), is_frozen);
    clock.advance(seconds.into());
    Ok(())
}

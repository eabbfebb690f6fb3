//! The environment: the one place that reads it.

use std::{fmt::Display, str::FromStr};

use tracing::Level;

use crate::log;

/// The settings that the template gives a function.
#[derive(Debug)]
pub struct Environment(());

/// Why the function does not start: a setting is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum BadSetting {
    /// It is not there.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// It is there and breaks its rule.
    #[error("the environment variable {name}: {rule}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// The rule.
        rule: String,
    },
}

impl Environment {
    /// Starts the log, at the level that the environment asks for. A wrong level is logged too.
    pub fn start() -> Result<Self, BadSetting> {
        let environment = Self(());
        let level = environment.parse_or("LOG_LEVEL", Level::INFO);
        let (stack, function) =
            (environment.optional("STACK_NAME"), environment.optional("AWS_LAMBDA_FUNCTION_NAME"));
        let level_or_info = *level.as_ref().unwrap_or(&Level::INFO);
        log::start(level_or_info, stack.as_deref(), function.as_deref());
        level.map(|_| environment)
    }

    /// Returns a setting, `None` if absent or empty.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    #[must_use]
    pub fn optional(&self, name: &'static str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// Returns another address of an AWS service than its own: the variable of the service, or the one of all services.
    #[must_use]
    pub fn endpoint(&self, of_service: &'static str) -> Option<String> {
        self.optional(of_service).or_else(|| self.optional("AWS_ENDPOINT_URL"))
    }

    /// Returns a setting that must be there.
    pub fn required(&self, name: &'static str) -> Result<String, BadSetting> {
        self.optional(name).ok_or(BadSetting::Missing(name))
    }

    /// Returns a setting that must be there and follow the rule of its type.
    pub fn parse<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<T, BadSetting> {
        parse(name, &self.required(name)?)
    }

    /// Returns a setting that follows the rule of its type, or `otherwise`.
    pub fn parse_or<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
        otherwise: T,
    ) -> Result<T, BadSetting> {
        self.optional(name).map_or(Ok(otherwise), |text| parse(name, &text))
    }
}

fn parse<T: FromStr<Err: Display>>(name: &'static str, text: &str) -> Result<T, BadSetting> {
    text.parse().map_err(|rule: T::Err| BadSetting::Wrong { name, rule: rule.to_string() })
}

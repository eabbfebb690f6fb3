//! The local stack: the whole system on one machine.
//!
//! [`Stack::start`] builds the function binaries and serves what they stand on: `DynamoDB`, SES, Secrets
//! Manager, a development OIDC issuer, the Lambda runtime API, API Gateway and the scheduler, as
//! `template.yaml` describes them. `cargo dev` is this with a command line; tests use it as a library:
//! a stack in memory on free ports, with faults, a clock that can be shifted, and a record of every call.
//!
//! Nothing here knows what the functions do: routes, environment, table, secrets and schedules come from
//! the template.

mod aws;
mod binaries;
mod clock;
mod data;
mod encoding;
mod error;
mod gateway;
mod http;
mod issuer;
mod options;
mod pattern;
mod random;
mod runtime;
mod schedules;
mod stack;
mod tasks;
pub mod template;

pub use dynoxide;

pub use self::{
    aws::{
        calls::{Call, Calls, Service},
        faults::{Effect, Fault, Faults, When},
        mail::Email,
        ses::Quota,
    },
    clock::Clock,
    error::{StackError, TemplateError},
    gateway::RestRequest,
    issuer::Issuer,
    options::{Options, Profile},
    runtime::{FunctionError, Instances, LogLine, Logs},
    stack::Stack,
};

//! The local stack: the whole system on one machine.
//!
//! [`Stack::start`] builds the functions and serves everything around them, as `template.yaml` describes it:
//! `DynamoDB`, SES, Secrets Manager, a development OIDC issuer, the Lambda runtime API, API Gateway and the
//! scheduler. `cargo dev` is this library with a command line. Tests use the library directly: a stack in
//! memory on free ports, with faults, a clock that can be shifted, and a record of every call.
//!
//! Nothing here depends on what the functions do: routes, environment, table, secrets and schedules come from
//! the template.

mod aws;
mod binaries;
mod clock;
mod data;
mod encoding;
mod error;
mod freeze;
mod gateway;
mod http;
mod issuer;
mod options;
mod pattern;
mod pipe;
mod random;
mod runtime;
mod schedules;
mod stack;
mod tasks;
pub mod template;
mod terminal;
mod web_pages;

pub use dynoxide;

pub use self::{
    aws::{
        calls::{Call, Calls, Service},
        cloudformation::{CloudFormation, CloudResource, CloudStack},
        faults::{Effect, Fault, Faults, HeldCall, When},
        mail::Email,
        mutants::Writes,
        ses::Quota,
    },
    binaries::cargo_command,
    clock::Clock,
    error::{StackError, TemplateError},
    freeze::{Freeze, FreezeError},
    gateway::RestRequest,
    issuer::{
        EmailVerified, IdTokenShape, Issuer, Switches, TokenEndpointBehavior, TokenShape, UserinfoBehavior,
    },
    options::{Options, Profile},
    runtime::{FunctionError, Instances, LogLine, Logs},
    stack::Stack,
};

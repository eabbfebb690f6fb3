//! What the integration tests are written with: a world of one stack, people and keys in it.

mod answer;
mod authorizer_event;
mod browser;
mod client;
pub mod cloudwatch;
mod contract;
mod grants;
pub mod log_lines;
mod one_second;
mod organization;
mod random;
mod reached;
mod report;
mod restore;
mod scale;
mod secrets;
pub mod share;
mod stored;
mod times;
mod web_client;
mod world;

pub use answer::Answer;
pub use authorizer_event::authorizer_event;
pub use browser::{Browser, browse, browse_with};
pub use client::Client;
pub use contract::{contract_faults, operation_id};
pub use local::{
    Call, CloudResource, Effect, EmailVerified, Fault, Freeze, HeldCall, IdTokenShape, Options, RestRequest,
    Service, Stack, Switches, TokenEndpointBehavior, TokenShape, UserinfoBehavior, When, Writes,
};
pub use organization::Organization;
pub use random::Random;
pub use restore::{OLD_TABLE, Replayed, TableCopy};
pub use stored::{Item, key_of};
pub use web_client::{WebClient, described, with_console};
pub use world::{World, mail_domains, run, run_with};

/// Seconds in a day.
pub const DAY: i64 = 86_400;

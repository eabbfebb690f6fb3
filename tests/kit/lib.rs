//! What the integration tests are written with: a world of one stack, people and keys in it.

mod answer;
mod client;
mod organization;
mod scale;
mod secrets;
mod stored;
mod tokens;
mod world;

pub use answer::Answer;
pub use client::Client;
pub use local::{Call, Effect, Fault, Options, RestRequest, Service, Stack, When};
pub use organization::Organization;
pub use stored::Item;
pub use tokens::{authorizer_event, with_secret_of};
pub use world::{World, run, run_with};

/// Seconds in a day.
pub const DAY: i64 = 86_400;

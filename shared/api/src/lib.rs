//! What the functions share of being an HTTP API on Lambda: set-up, requests, callers, answers.
//!
//! Only `problem` names the HTTP statuses of refusals, and only [`app`] reads the environment.

mod answer;
pub mod app;
mod body;
pub mod caller;
mod credential;
mod idempotency;
mod key_answer;
mod news;
mod paging;
mod problem;
mod race;
mod request;

pub use answer::{Answer, accepted, answer, created, deleted, ok};
pub use body::{BODY_LIMIT, Instant, chosen_expiry, removable, settable};
pub use caller::{Caller, Member};
pub use credential::{BadCredential, Credential};
pub use idempotency::key_again;
pub use key_answer::{KeyAnswer, SecretAnswer};
pub use news::Done;
pub use paging::{ListAnswer, Paging};
pub use problem::{Problem, causes};
pub use race::until_won;
pub use request::{Request, differences};

//! What the product decides: formats, policies, states and rights.
//!
//! Nothing in this crate knows AWS, HTTP, the clock or the environment. Time is a value that
//! callers pass in; the only outside thing used is the operating system's random source.

pub mod access;
pub mod access_key;
pub mod address;
pub mod audit;
pub mod base62;
pub mod change;
pub mod cidr;
pub mod decision_catalog;
pub mod declared_routes;
mod error;
pub mod escalation;
pub mod grant;
pub mod hex;
pub mod id;
pub mod inbox;
pub mod joined;
pub mod limits;
pub mod message;
pub mod notice;
pub mod notification;
pub mod notification_preferences;
pub mod organization;
pub mod permission;
pub mod permission_index;
pub mod policy;
pub mod quota;
pub mod role;
pub mod route_declaration;
pub mod search;
pub mod secret;
pub mod session;
pub mod sign_in;
pub mod text;
mod time;
mod timestamp;
pub mod token;
pub mod user;

pub use error::Error;
pub use time::{BadTime, Time};
pub use timestamp::Timestamp;

//! The authorizer: credentials, permissions, cost and failures.

mod counts;
mod credentials;
mod failures;
pub(crate) mod issuers;
mod jwks;
mod jwt;
mod permissions;
mod rest;
mod userinfo;
mod websocket;

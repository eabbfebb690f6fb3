//! The authorizer: credentials, permissions, cost and failures.

mod counts;
mod credentials;
mod failures;
mod jwt;
mod permissions;
mod rest;

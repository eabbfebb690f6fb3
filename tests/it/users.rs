//! The routes of users.

mod create;
mod delete;
mod filters;
mod leave;
mod owners;
mod proven_address;
mod read;
mod search;
mod sign_in;
mod update;

//! The routes of users.

mod create;
mod delete;
mod leave;
mod owners;
mod read;
mod sign_in;
mod update;

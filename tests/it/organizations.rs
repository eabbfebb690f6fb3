//! The routes of organizations.

mod create;
mod delete;
mod policy;
mod read;
mod suspend;

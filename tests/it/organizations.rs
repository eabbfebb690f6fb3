//! The routes of organizations.

mod create;
mod policy;
mod read;
mod suspend;

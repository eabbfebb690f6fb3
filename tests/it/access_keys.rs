//! The routes of access keys.

mod changes_while_listed;
mod create;
mod end;
mod filters;
mod idempotency;
mod list;
mod networks;
mod new_expiry;
mod quota;
mod read;
mod reuse;
mod rotate;
mod scale;
mod search;
mod update;
mod user_name;

//! The integration tests, laid out as the routes are. They run the real binaries.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod access_keys;
mod audit_events;
mod authorizer;
mod console;
mod cursors;
mod declared_routes;
mod effects;
mod events;
mod examples;
mod explorer;
mod floods;
mod gateway;
mod histories;
mod inbox;
mod introspect;
mod leaked_keys;
mod limits;
mod linearizability;
mod local_stack;
mod matrix;
mod model_based;
mod names;
mod narrowed_lists;
mod notices;
mod openapi;
mod organizations;
mod ranges;
mod readme;
mod reads;
mod refusals;
mod requests;
mod restore;
mod rights;
mod rotate_pepper;
mod rotation;
mod rules;
mod sources;
mod tenants;
mod time;
mod tokens;
mod users;
mod watch;
mod whoami;

//! The integration tests, laid out as the routes are. They run the real binaries.

mod access_keys;
mod authorizer;
mod gateway;
mod notices;
mod organizations;
mod rules;
mod users;
mod whoami;

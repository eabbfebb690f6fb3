//! The local stack: what it takes from the template, and what it shows of AWS.

mod access_log;
mod endpoints;
mod gateway_faults;
mod parameters;
mod roles;

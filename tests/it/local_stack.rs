//! The local stack: what it takes from the template, and what it shows of AWS.

mod endpoints;
mod gateway_faults;
mod roles;

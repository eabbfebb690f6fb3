//! Requests as odd clients send them, on every route.

mod bodies;
mod conditions;
mod hostile;
mod nulls;
mod queries;

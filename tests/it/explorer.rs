//! Every order in which the calls of two requests reach the table.
//!
//! [`Effect::Hold`](kit::Effect::Hold) holds each call of the requests, and one of them goes on at a time. The search
//! ([`search`]) chooses which: depth-first, with one order for all that differ in calls that commute. What an order leaves
//! behind must equal what the requests leave behind one after another ([`outcome`]).
//!
//! - [`pairs`]: each pair of requests that may meet, in every order.
//! - [`faulty`]: the same, while one call loses its reply, is throttled or conflicts.
//! - [`triples`]: three requests in some orders.
//! - [`mutants`]: transactions without some of their conditions, which the search must find.
//!
//! `INTERLEAVINGS`, `FAULTY_INTERLEAVINGS` and `INTERLEAVED_TRIPLES` say how many are played. A failure names its order:
//! `INTERLEAVING="0 1 1L 0" cargo test --test it -- explorer::pairs::…` plays it alone.

mod action;
mod compare;
mod describe;
mod faulty;
mod fixture;
mod footprint;
mod mutants;
mod order;
mod outcome;
mod pairs;
mod play;
mod search;
mod triples;

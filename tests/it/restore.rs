//! The drill of a restore: an earlier state of the table is put back, and `infra/replay` repeats what was ended since.

mod address;
mod boundaries;
mod callers;
mod crashes;
mod drill;
mod edges;
mod invariants;
mod random;
mod refusals;
mod scene;
mod sessions;
mod unreadable;

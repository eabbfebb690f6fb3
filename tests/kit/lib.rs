//! Builders, clock and checks for the integration tests.

//! The integration tests, laid out as the routes are.

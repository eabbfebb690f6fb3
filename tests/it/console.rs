//! The console: signing in and out, and what its sessions are worth. Without a browser.

mod provider_faults;
mod races;
mod session;
mod sign_in;
mod sign_in_refused;
mod sign_out;

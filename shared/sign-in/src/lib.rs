//! Sign-ins: what the identity provider says of people, and the cookie of the console's sessions.
//!
//! The authorizer verifies access tokens with it, and `manage-session` ID tokens.

mod address;
mod algorithms;
mod claims;
mod console_request;
mod discovery;
mod documents;
mod issuer;
mod jwks;
mod profile;
mod provider;
mod verify;

pub use claims::{Accepted, Audience, Purpose};
pub use console_request::{BadConsoleRequest, ConsoleRequest, HeaderState, SessionCookie};
pub use discovery::{Discovery, Endpoints};
pub use documents::{Documents, Form, IssuerFailure};
pub use issuer::Issuer;
pub use jwks::Jwks;
pub use profile::Profile;
pub use verify::{NotAccepted, verify};

//! The errors that stop the stack from starting. Each is one line that says what to do.

use std::{io, path::PathBuf};

/// Explains why the stack did not start, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StackError {
    /// Another process listens on the port.
    #[error("port {port} is in use: stop what listens there, or choose another with {flag}")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
        /// The flag that chooses it.
        flag: &'static str,
    },
    /// A listener could not be opened for another reason.
    #[error("cannot listen on port {port}: {cause}")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// `template.yaml` was not found in this directory or above it.
    #[error("no template.yaml here or above: run this inside the repository")]
    NoWorkspace,
    /// The stack cannot serve this `template.yaml`.
    #[error("template.yaml: {0}: correct it and start again")]
    Template(#[from] TemplateError),
    /// The function binaries did not build.
    #[error("the functions did not build: correct what cargo reported above and start again")]
    Build,
    /// Cargo could not be started.
    #[error("cannot run {cargo}: {cause}: install Rust from https://rustup.rs")]
    Cargo {
        /// The command that was tried.
        cargo: String,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The template names a function that has no folder.
    #[error(
        "template.yaml names {function}, but functions/{function} does not exist: add it or remove the resource"
    )]
    NoSuchFunction {
        /// The folder that is missing.
        function: String,
    },
    /// A file of the data directory cannot be read or written.
    #[error("{path}: {cause}: make it writable, or start with --memory or another --data-dir")]
    Data {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// Another stack keeps its state there.
    #[error("another cargo dev uses {path}: stop it, or start with --memory or another --data-dir")]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A file of the data directory is not as the stack wrote it.
    #[error("{path} is damaged: delete it to start afresh")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The pipe lacks a permission.
    #[error("the pipe of template.yaml: {message}")]
    Pipe {
        /// The permission that it lacks.
        message: String,
    },
    /// `DynamoDB` refused the table, or did not answer.
    #[error("DynamoDB at {endpoint}: {message}")]
    Table {
        /// The endpoint that was called.
        endpoint: String,
        /// The error that it returned.
        message: String,
    },
}

/// Names a place in a template that the stack cannot serve, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct TemplateError {
    place: String,
    reason: String,
}

impl TemplateError {
    /// Names the place in the template and the reason.
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

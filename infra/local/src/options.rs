//! The options of a stack.

use std::{collections::BTreeMap, path::PathBuf};

use crate::aws::mutants::Writes;

/// Chooses which parts of a stack are served, and where.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// The gateway's port; 0 takes any free one.
    pub port: u16,
    /// The port of the AWS endpoints; 0 takes any free one.
    pub dynamodb_port: u16,
    /// Whether nothing is kept after the stack ends.
    pub memory: bool,
    /// Where state is kept; `.local` in the workspace if absent.
    pub data_dir: Option<PathBuf>,
    /// Whether only the AWS endpoints and `/_local` are served, and no function is built.
    pub aws_only: bool,
    /// The name of this machine in the issuer's URL: `127.0.0.1`, or `localhost`, which is another site to a browser.
    pub issuer_host: &'static str,
    /// Another `DynamoDB` instead of the one in this process.
    pub dynamodb_endpoint: Option<String>,
    /// The text of another template than `template.yaml`.
    pub template: Option<String>,
    /// Values for the template's parameters. They must keep its rules.
    pub parameters: BTreeMap<String, String>,
    /// More environment variables for every function. They override the template's.
    pub environment: BTreeMap<String, String>,
    /// How many instances a function may have at once.
    pub instance_cap: usize,
    /// The Cargo profile of the functions.
    pub profile: Profile,
    /// Whether each instance has a clock of its own, which [`Stack::freeze`](crate::Stack::freeze) lets stand still.
    pub instance_clocks: bool,
    /// Whether a person watches: schedules tick, and the functions' lines are printed instead of kept.
    pub attended: bool,
    /// What happens to the writes of functions on their way to `DynamoDB`.
    pub writes: Writes,
    /// Whether an attended stack prints failures alone.
    pub quiet: bool,
}

/// A Cargo profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// As deployed.
    Release,
}

impl Default for Options {
    /// Any free port, state in `.local`, at most 10 instances a function, built as this crate was.
    fn default() -> Self {
        Self {
            port: 0,
            dynamodb_port: 0,
            memory: false,
            data_dir: None,
            aws_only: false,
            issuer_host: "127.0.0.1",
            dynamodb_endpoint: None,
            template: None,
            parameters: BTreeMap::new(),
            environment: BTreeMap::new(),
            instance_cap: 10,
            profile: if cfg!(debug_assertions) { Profile::Dev } else { Profile::Release },
            instance_clocks: false,
            attended: false,
            writes: Writes::AsSent,
            quiet: false,
        }
    }
}

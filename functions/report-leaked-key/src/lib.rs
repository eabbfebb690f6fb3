//! Takes reports of leaked access keys, and revokes each key whose secret is right.
//!
//! The tokens are the proof, so anybody may report. Every report gets the same response, so that
//! nobody learns from it whether a guess was right.

mod check;
mod github;
mod leak;
#[cfg(feature = "openapi")]
mod openapi;
mod outcome;
mod quotation;
mod report;
mod secret_scanning;

use api::{
    HandlerResult, Request,
    app::{App, Pepper},
    response,
};
use report::Report;
use serde::Serialize;

pub use github::GithubKeys;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// The answer to every report.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AcceptedReport"))]
struct Accepted {
    status: &'static str,
}

/// Revokes the keys whose tokens were reported.
///
/// A failure stops none of the remaining tokens. A report that failed can be repeated.
pub async fn report_leaked_key(
    app: &App<Pepper>,
    github: &GithubKeys,
    request: lambda_http::Request,
) -> HandlerResult {
    let request = &Request::read_open(request)?;
    request.query(&[])?;
    let report = &Report::read(request, github, &app.key_prefix)?;
    check::check_all(app, request, report).await?;
    Ok(response::accepted(&Accepted { status: "accepted" }))
}

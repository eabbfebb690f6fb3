//! Takes reports of leaked access keys, and revokes each key whose secret is right.
//!
//! The tokens are the proof, so anybody may report. Every report gets the same response, so that
//! nobody learns from it whether a guess was right.

mod github;
mod notification;
mod report;

use api::{
    HandlerError, HandlerResult, Request,
    app::{App, Pepper, SecretMatch},
    response, retry_on_conflict,
};
use domain::{
    audit::{self, Actor},
    text::Name,
    token::Token,
    user::Status,
};
use report::{Leak, Report};
use serde_json::json;
use table::ChangeRecords;

pub use github::GithubKeys;

/// Revokes the keys whose tokens were reported, one after the other.
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
    let mut failure = None;
    for leak in &report.leaks {
        if let Err(error) = retry_on_conflict(|| revoke(app, request, report, leak)).await {
            failure.get_or_insert(error);
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(response::accepted(&json!({"status": "accepted"}))),
    }
}

/// Revokes the key of a token. An inactive or expired key is revoked too: it could be made active again.
///
/// Does nothing if the secret does not work, or if the key is revoked or deleted already.
async fn revoke(
    app: &App<Pepper>,
    request: &Request<()>,
    report: &Report,
    leak: &Leak,
) -> Result<(), HandlerError> {
    let Ok(token) = Token::parse(&app.key_prefix, &leak.token) else { return Ok(()) };
    let Some(found) = app.table.access_key_and_user(token.key_id()).await? else { return Ok(()) };
    let key = &found.key;
    if key.revoked_at.is_some() || found.user.status == Status::Deleted {
        return Ok(());
    }
    match app.pepper.check(key, token, request.now).await? {
        SecretMatch::Active(_) => {}
        SecretMatch::Retired | SecretMatch::None => return Ok(()),
    }
    let changes = json!({"status": "revoked", "source": report.source, "note": leak.note});
    let reporter = Actor::system("leak-report", report.source.as_ref().map_or("leak report", Name::as_str));
    let action = audit::Action::AccessKeyRevoked;
    let events = [request.audit_event_of(reporter, key.organization_id, action, key.key_id, changes)];
    let notifications = notification::leak_reported(app, request, report, leak, &found);
    let records = ChangeRecords::of(&events).notifying(&notifications);
    // `updated_by` must name a user. The reporter is none, so it names the key's own user.
    app.table.revoke_access_key(key, key.user_id(), request.now, records).await?;
    Ok(())
}

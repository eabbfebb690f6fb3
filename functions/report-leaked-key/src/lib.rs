//! Takes reports of leaked access keys, and revokes those whose secret is right.
//!
//! The tokens are the proof, so anybody may report. Every report is answered alike: whoever guesses
//! learns nothing.

mod github;
mod news;
mod report;

use api::{
    Answer, Problem, Request, accepted,
    app::{App, Found, Pepper},
    until_won,
};
use domain::{audit::Actor, text::Name, token::Token, user::Status};
use lambda_http::Request as Event;
use report::{Leak, Report};
use serde_json::json;
use table::ChangeRecords;

pub use github::GithubKeys;

/// Revokes the keys whose tokens were reported.
///
/// One token after the other. A failure keeps none of the others from being looked at; a report that
/// failed can be repeated.
pub async fn report_leaked_key(app: &App<Pepper>, github: &GithubKeys, event: Event) -> Answer {
    let request = &Request::read_open(event)?;
    request.query(&[])?;
    let report = &Report::read(request, github, &app.key_prefix)?;
    let mut failure = None;
    for leak in &report.leaks {
        if let Err(problem) = until_won(|| revoke(app, request, report, leak)).await {
            failure.get_or_insert(problem);
        }
    }
    match failure {
        Some(problem) => Err(problem),
        None => Ok(accepted(&json!({"status": "accepted"}))),
    }
}

/// Revokes the key of a token, also one that is inactive or expired: it could be lifted later.
///
/// Does nothing where the secret does not work, and where the key was ended before.
async fn revoke(
    app: &App<Pepper>,
    request: &Request<()>,
    report: &Report,
    leak: &Leak,
) -> Result<(), Problem> {
    let Ok(token) = Token::parse(&app.key_prefix, &leak.token) else { return Ok(()) };
    let Some(found) = app.table.access_key_and_user(token.key_id()).await? else { return Ok(()) };
    let key = &found.key;
    if key.revoked_at.is_some() || found.user.status == Status::Deleted {
        return Ok(());
    }
    match app.pepper.check(key, token, request.now).await? {
        Found::Working(_) => {}
        Found::Retired | Found::Nothing => return Ok(()),
    }
    let changes = json!({"status": "revoked", "source": report.source, "note": leak.note});
    let target = ("access_key", key.key_id.to_string());
    let actor = actor(report);
    let events = [request.audit_event_of(actor, key.organization_id, "access_key.revoked", target, changes)];
    let news = news::of(app, request, report, leak, &found).await?;
    let records = ChangeRecords::of(&events).notifying(&news);
    // What a key itself brings about is its user's doing.
    app.table.revoke_access_key(key, key.user_id(), request.now, records).await?;
    Ok(())
}

fn actor(report: &Report) -> Actor {
    let name = report.source.as_ref().map_or("leak report", Name::as_str);
    Actor { kind: "system".to_owned(), id: "leak-report".to_owned(), name: name.to_owned() }
}

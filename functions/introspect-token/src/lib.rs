//! Tells the holder of an access key what it is worth (RFC 7662).
//!
//! The token is the proof, so nobody has to sign in. Whoever lacks the secret learns nothing: a token
//! that is malformed, unknown, wrong or of a deleted user is answered alike.

mod body;
mod introspection;

use api::{
    Answer, Problem, Request,
    app::{App, Found, Pepper},
    ok,
};
use domain::{
    Time,
    access_key::{AccessKey, Status},
    grant::effective,
    organization,
    secret::StoredSecret,
    token::Token,
    user,
};
use introspection::{Introspection, Reason};
use lambda_http::Request as Event;
use table::KeyWithUser;

/// Answers whether the token that was sent works now, and what it may do or why it does not work.
///
/// From where a key may be used is not judged: who asks is not who uses the key.
pub async fn introspect_token(app: &App<Pepper>, event: Event) -> Answer {
    let request = Request::read_open(event)?;
    request.query(&[])?;
    let text = body::token(&request)?;
    Ok(ok(&introspect(app, &text, request.now).await?, None))
}

async fn introspect(app: &App<Pepper>, text: &str, now: Time) -> Result<Introspection, Problem> {
    let Ok(token) = Token::parse(&app.key_prefix, text) else { return Ok(Introspection::unknown()) };
    let Some(found) = app.table.access_key_and_user(token.key_id()).await? else {
        return Ok(Introspection::unknown());
    };
    if found.user.status == user::Status::Deleted {
        return Ok(Introspection::unknown());
    }
    match app.pepper.check(&found.key, token, now).await? {
        Found::Working(secret) => judge(app, &found, secret, now).await,
        Found::Retired => Ok(Introspection::inactive(Reason::Retired)),
        Found::Nothing => Ok(Introspection::unknown()),
    }
}

/// Judges a key whose secret is right. What is wrong with the key itself comes before its user, and the
/// user before the organization.
async fn judge(
    app: &App<Pepper>,
    found: &KeyWithUser,
    secret: &StoredSecret,
    now: Time,
) -> Result<Introspection, Problem> {
    let KeyWithUser { key, user } = found;
    if let Some(reason) = state(key, now) {
        return Ok(Introspection::inactive(reason));
    }
    if user.status != user::Status::Active {
        return Ok(Introspection::inactive(Reason::UserSuspended));
    }
    let Some(snapshot) = app.table.snapshot(user.organization_id).await? else {
        return Ok(Introspection::unknown());
    };
    if snapshot.organization.status != organization::Status::Active {
        return Ok(Introspection::inactive(Reason::OrganizationSuspended));
    }
    let permissions = effective(user, Some(key), &snapshot.catalog);
    Ok(Introspection::active(key, &permissions, key.validity_of(secret)))
}

fn state(key: &AccessKey, now: Time) -> Option<Reason> {
    match key.status(now) {
        Status::Active => None,
        Status::Inactive => Some(Reason::Inactive),
        Status::Expired => Some(Reason::Expired),
        Status::Revoked => Some(Reason::Revoked),
    }
}

//! Rotates an access key: it gets a new secret, and keeps its slot of the quota and its expiry.

#[cfg(feature = "openapi")]
mod openapi;
mod overlap;

use api::{
    AccessKeyChange, AccessKeyResponse, HandlerError, HandlerResult, Member, NewSecret, Request,
    app::{App, Pepper, SecretMatch},
    replay_key, response, retry_on_conflict,
};
use domain::{
    Error,
    access::Action,
    access_key::{AccessKey, RotatedWith, Status},
    audit,
    token::Token,
    user::{self, User},
};
use overlap::Body;
use serde_json::json;
use table::{ChangeRecords, IdempotencyRecord, KeyWithUser};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with the key and its new secret, which no later response shows.
///
/// A request that is repeated under the same `Idempotency-Key` gets the key as it is, without its secret.
pub async fn rotate_access_key(app: &App<Pepper>, request: lambda_http::Request) -> HandlerResult {
    let request = &Request::read_member(request)?;
    let rotate = async |record| rotate(app, request, record).await;
    let replay = async |record: &IdempotencyRecord| replay_key(app, request, record, Action::RotateKey).await;
    request.idempotent(app, rotate, replay).await
}

async fn rotate(
    app: &App<Pepper>,
    request: &Request<Member>,
    record: Option<IdempotencyRecord>,
) -> HandlerResult {
    request.query(&[])?;
    let named = request.path("key_id")?;
    let body = Body::read(request)?;
    // Refused before argon2 runs: a request that cannot be done must not cost CPU time.
    let key_id = load_rotatable(app, request, &named, &body).await?.found.key.key_id;
    let new = app.new_secret(key_id).await?;
    let record = record.map(|record| record.with(200, None, vec![key_id]));
    let KeyWithUser { key, user } =
        retry_on_conflict(|| store(app, request, &named, &body, &new, record.as_ref())).await?;
    let version = key.version;
    let shown = AccessKeyResponse::new(key, &user, &app.key_prefix, request.now).with_secret(&new.token);
    Ok(response::ok(&shown, Some(version)))
}

/// A key that may be rotated as the request asks.
struct Rotatable {
    found: KeyWithUser,
    /// How long the replaced secret works on, seconds.
    overlap: i64,
    rotated_with: RotatedWith,
}

async fn load_rotatable(
    app: &App<Pepper>,
    request: &Request<Member>,
    named: &str,
    body: &Body,
) -> Result<Rotatable, HandlerError> {
    let member = &request.caller;
    let found = app.access_key(request, named, Action::RotateKey).await?;
    request.check_precondition(found.key.version)?;
    check_state(&found.key, &found.user, request)?;
    let snapshot = app.snapshot(member).await?;
    let resource = found.user.as_resource().with_key(found.key.key_id);
    let actor = member.actor();
    let right = actor.may_for(Action::RotateKey, resource)?;
    let presented = app.own_key(member, &found.user).await?;
    actor.may_rotate_key(right, presented.as_ref(), &found.key, &found.user, &snapshot.catalog)?;
    let overlap = body.overlap(named, &snapshot.organization.policy)?;
    let rotated_with = rotated_with(app, request, &found.key).await?;
    Ok(Rotatable { found, overlap, rotated_with })
}

fn check_state(key: &AccessKey, user: &User, request: &Request<Member>) -> Result<(), Error> {
    match key.status(request.now) {
        Status::Active => {}
        Status::Inactive => return Err(Error::KeyInactive),
        Status::Expired => return Err(Error::KeyExpired),
        Status::Revoked => return Err(Error::AlreadyRevoked),
    }
    match user.status {
        user::Status::Active => Ok(()),
        _ => Err(Error::Conflict("this user is suspended; lift the suspension first")),
    }
}

/// Tells whether the caller came with the previous secret of this very key.
///
/// The authorizer accepted the caller's secret. A secret that another rotation has ended since is refused.
async fn rotated_with(
    app: &App<Pepper>,
    request: &Request<Member>,
    key: &AccessKey,
) -> Result<RotatedWith, HandlerError> {
    if request.caller.key_id != Some(key.key_id) {
        return Ok(RotatedWith::Other);
    }
    let text = request.token(&app.key_prefix).unwrap_or_default();
    let found = match Token::parse(&app.key_prefix, &text) {
        Ok(token) => app.pepper.find(key, token, request.moment).await?,
        Err(_) => SecretMatch::None,
    };
    match found {
        SecretMatch::Active(secret) if *secret == key.secret => Ok(RotatedWith::Other),
        SecretMatch::Active(_) => Ok(RotatedWith::Previous),
        SecretMatch::Retired | SecretMatch::None => {
            Err(Error::Conflict("the secret that you came with was replaced meanwhile; use the new one")
                .into())
        }
    }
}

async fn store(
    app: &App<Pepper>,
    request: &Request<Member>,
    named: &str,
    body: &Body,
    new: &NewSecret,
    record: Option<&IdempotencyRecord>,
) -> Result<KeyWithUser, HandlerError> {
    let Rotatable { found: KeyWithUser { key: before, user }, overlap, rotated_with } =
        load_rotatable(app, request, named, body).await?;
    let mut after = before.clone();
    after.rotate(&new.token, new.stored.clone(), overlap, rotated_with, request.now);
    after.version += 1;
    after.updated_at = request.now;
    after.updated_by = request.caller.user_id;
    let ends = after.overlap_ends_at(request.now).map(|ends| ends.to_string());
    let changes = json!({"rotated_at": request.now.to_string(), "overlap_ends_at": ends});
    let events = [request.audit_event(audit::Action::AccessKeyRotated, after.key_id, changes)];
    let notification = request.key_notification(&user, &after, &app.key_prefix, AccessKeyChange::Rotated);
    let records = ChangeRecords::of(&events).notifying(notification.as_slice()).idempotent(record);
    app.table.rotate_access_key(&before, &after, records).await?;
    Ok(KeyWithUser { key: after, user })
}

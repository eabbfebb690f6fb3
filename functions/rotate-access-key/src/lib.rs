//! Makes a new secret for an access key, in the same place of the quota and until the same expiry.

mod overlap;

use api::{
    Answer, Done, KeyAnswer, Problem, Request,
    app::{App, Found, Pepper},
    key_again, ok, until_won,
};
use domain::{
    Error,
    access::{Action, Right},
    access_key::{AccessKey, RotatedWith, Status},
    grant::effective,
    secret::StoredSecret,
    token::{SecretToken, Token},
    user::{self, User},
};
use lambda_http::Request as Event;
use overlap::Body;
use serde_json::json;
use table::{KeyWithUser, StoredAccessKey, IdempotencyRecord, ChangeRecords};

/// Answers the key with its new secret, which is shown here and nowhere again.
///
/// A repetition under the same `Idempotency-Key` answers the key as it is, without its secret.
pub async fn rotate_access_key(app: &App<Pepper>, event: Event) -> Answer {
    let request = &Request::read(event)?;
    let make = async |once| rotate(app, request, once).await;
    let again = async |done: &IdempotencyRecord| key_again(app, request, done, Action::RotateKey).await;
    request.once(app, make, again).await
}

/// A secret that was drawn for a key and that nobody knows yet.
struct New {
    token: SecretToken,
    secret: StoredSecret,
}

async fn rotate(app: &App<Pepper>, request: &Request, once: Option<IdempotencyRecord>) -> Answer {
    request.query(&[])?;
    let named = request.path("key_id")?;
    let body = Body::read(request)?;
    // Refused before argon2 runs: a request that cannot be done must not cost CPU time.
    let key_id = look(app, request, &named, &body).await?.found.key.key_id;
    let token = SecretToken::generate(&app.key_prefix, key_id);
    let new = New { secret: app.pepper.hash_secret(&token).await?, token };
    let once = once.map(|once| once.with(200, None, vec![key_id]));
    let KeyWithUser { key, user } =
        until_won(|| store(app, request, &named, &body, &new, once.as_ref())).await?;
    let version = key.version;
    let answer = KeyAnswer::new(key, user.kind, &app.key_prefix, request.now).with_secret(&new.token);
    Ok(ok(&answer, Some(version)))
}

/// A key that may be rotated as it is asked for.
struct Rotatable {
    found: KeyWithUser,
    overlap: i64,
    rotated_with: RotatedWith,
}

async fn look(app: &App<Pepper>, request: &Request, named: &str, body: &Body) -> Result<Rotatable, Problem> {
    let member = request.member()?;
    let found = app.access_key(member, named, Action::RotateKey).await?;
    request.check_precondition(found.key.version)?;
    check_state(&found.key, &found.user, request)?;
    let snapshot = app.snapshot(member).await?;
    let subject = found.user.as_resource().with_key(found.key.key_id);
    if member.actor().may_for(Action::RotateKey, subject)? == Right::Held {
        member.actor().may_grant(&effective(&found.user, Some(&found.key), &snapshot.catalog))?;
    }
    let overlap = body.overlap(named, &snapshot.organization.policy)?;
    let rotated_with = rotated_with(app, request, &found.key).await?;
    Ok(Rotatable { found, overlap, rotated_with })
}

fn check_state(key: &AccessKey, user: &User, request: &Request) -> Result<(), Error> {
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
/// The authorizer let the caller's secret pass; one that another rotation ended since makes no new one.
async fn rotated_with(app: &App<Pepper>, request: &Request, key: &AccessKey) -> Result<RotatedWith, Problem> {
    if request.member()?.key_id != Some(key.key_id) {
        return Ok(RotatedWith::Other);
    }
    let text = request.token(&app.key_prefix).unwrap_or_default();
    let found = match Token::parse(&app.key_prefix, &text) {
        Ok(token) => app.pepper.find(key, token, request.now).await?,
        Err(_) => Found::Nothing,
    };
    match found {
        Found::Working(secret) if *secret == key.secret => Ok(RotatedWith::Other),
        Found::Working(_) => Ok(RotatedWith::Previous),
        Found::Retired | Found::Nothing => {
            Err(Error::Conflict("the secret that you came with was replaced meanwhile; use the new one")
                .into())
        }
    }
}

async fn store(
    app: &App<Pepper>,
    request: &Request,
    named: &str,
    body: &Body,
    new: &New,
    once: Option<&IdempotencyRecord>,
) -> Result<KeyWithUser, Problem> {
    let member = request.member()?;
    let Rotatable { found: KeyWithUser { key: before, user }, overlap, rotated_with } =
        look(app, request, named, body).await?;
    let mut after = before.clone();
    after.rotate(&new.token, new.secret.clone(), overlap, rotated_with, request.now);
    after.version += 1;
    after.updated_at = request.now;
    after.updated_by = member.user_id;
    let ends = after.overlap_ends_at(request.now).map(|ends| ends.to_string());
    let target = ("access_key", after.key_id.to_string());
    let changes = json!({"rotated_at": request.now.to_string(), "overlap_ends_at": ends});
    let events = [request.audit_event(after.organization_id, "access_key.rotated", target, changes)];
    let news = request.news_of_key(&user, &after, &app.key_prefix, Done::Rotated)?;
    let records = ChangeRecords::of(&events).notifying(news.as_slice()).idempotent(once);
    let stored = StoredAccessKey { key: &after, due_at: None };
    app.table.update_access_key(&before, stored, None, records).await?;
    Ok(KeyWithUser { key: after, user })
}

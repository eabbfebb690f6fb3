//! Decides on a request with an access key.

use std::{sync::Arc, time::Duration};

use api::{
    Caller, CallerIds, Member,
    app::{KnownWrong, SecretMatch},
    causes, set_caller_ids,
};
use domain::{
    Time,
    access_key::{AccessKey, Status},
    token::Token,
};
use table::KeyWithUser;

use crate::{
    authorizer_request::AuthorizerRequest, member, refusal::Refusal, reuse, settings::Authorizer, stop::Stop,
    suspension::WhileSuspended,
};

/// The shortest time between two records of a key's use, seconds.
const USE_INTERVAL: i64 = 600;

/// The longest time by which recording a use delays an answer.
const USE_TIMEOUT: Duration = Duration::from_millis(250);

/// Authorizes the holder of a token.
pub(crate) async fn authorize(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    text: &str,
) -> Result<Caller, Stop> {
    let token = Token::parse(&authorizer.app.key_prefix, text).map_err(|_| Refusal::Malformed)?;
    set_caller_ids(CallerIds::of_key(token.key_id()));
    if let Some(cached) = authorizer.decisions.get(&token.key_id(), request.moment) {
        match verify(authorizer, request, token, &cached).await {
            Err(Stop::Refused(_)) => {}
            allowed_or_failed => return allowed_or_failed,
        }
    }
    let found = read(authorizer, request, token).await?;
    let decision = verify(authorizer, request, token, &found).await;
    match &decision {
        Ok(_) => {
            record_use(authorizer, &found.key, request.now).await;
            authorizer.decisions.put(token.key_id(), request.moment, Arc::new(found));
        }
        Err(Stop::Refused(Refusal::RetiredSecret)) => reuse::notify(authorizer, request, &found).await,
        // A revoked key is none of the live keys that its user's later wrong secrets are compared with.
        Err(Stop::Refused(Refusal::WrongSecret | Refusal::Revoked)) => {
            let KeyWithUser { key, user } = &found;
            authorizer.app.pepper.remember_wrong(token, request.moment, Some(user), Some(key));
        }
        Err(_) => {}
    }
    decision
}

/// Reads the key and its user, unless a flood of wrong secrets goes on and this one is known to be wrong.
async fn read(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    token: Token<'_>,
) -> Result<KeyWithUser, Stop> {
    let (app, key_id) = (&authorizer.app, token.key_id());
    match app.pepper.known_wrong(token, request.moment) {
        Some(KnownWrong::UnknownKey) => return Err(Refusal::UnknownKey.into()),
        Some(KnownWrong::WrongSecret) => return Err(Refusal::WrongSecret.into()),
        None => {}
    }
    match app.table.access_key_or_user(key_id).await? {
        (Some(key), Some(user)) => {
            let organization_id = Some(user.organization_id);
            set_caller_ids(CallerIds { organization_id, ..CallerIds::of_key(key_id) });
            Ok(KeyWithUser { key, user })
        }
        (_, user) => {
            app.pepper.remember_wrong(token, request.moment, user.as_ref(), None);
            Err(Refusal::UnknownKey.into())
        }
    }
}

/// Checks the secret, the state of the key and of its user, and the user's rights, in this order.
async fn verify(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    token: Token<'_>,
    found: &KeyWithUser,
) -> Result<Caller, Stop> {
    let key = &found.key;
    let secret = match authorizer.app.pepper.check(key, token, request.moment).await? {
        SecretMatch::Active(secret) => secret,
        SecretMatch::None => return Err(Refusal::WrongSecret.into()),
        SecretMatch::Retired => return Err(Refusal::RetiredSecret.into()),
    };
    match key.status(request.now) {
        Status::Active => {}
        Status::Inactive => return Err(Refusal::Inactive.into()),
        Status::Expired => return Err(Refusal::Expired.into()),
        Status::Revoked => return Err(Refusal::Revoked.into()),
    }
    if !key.may_be_used_from(request.ids.source_ip.parse().ok()) {
        return Err(Refusal::ForeignAddress.into());
    }
    let suspended = WhileSuspended::Refused;
    let member = member::authorize(authorizer, request, &found.user, Some(key), suspended).await?;
    // A replaced secret ends before its key does.
    let (_, expires_at) = key.validity_of(secret);
    let expires_in_days = expires_at.map(|end| end.days_from(request.now));
    Ok(Caller::Member(Box::new(Member { expires_at, expires_in_days, ..member })))
}

/// Records when the key was used last. A request never fails because of it.
async fn record_use(authorizer: &Authorizer, key: &AccessKey, now: Time) {
    if key.last_used_at.is_some_and(|at| at.is_within(USE_INTERVAL, now)) {
        return;
    }
    let recording = authorizer.app.table.touch_access_key(key.key_id, now, USE_INTERVAL);
    match tokio::time::timeout(USE_TIMEOUT, recording).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => {
            tracing::warn!(causes = causes(&failure), "could not record the use of a key");
        }
        Err(_) => tracing::warn!("gave up recording the use of a key"),
    }
}

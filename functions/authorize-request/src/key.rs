use std::time::{Duration, Instant};

use api::app::Found;
use domain::{
    Time,
    access_key::{AccessKey, Status},
    token::Token,
};
use table::KeyWithUser;

use crate::{
    Authorizer, Decision,
    context::Context,
    event::Presented,
    failure::Failure,
    member::{Cleared, clear},
    refusal::Refusal,
    reuse,
};

/// The use of a key is noted at most this often, seconds.
const NOTE_USE_EVERY: i64 = 600;

/// Noting it may delay an answer by this much at most.
const NOTE_USE_WITHIN: Duration = Duration::from_millis(250);

/// Decides on an access key.
pub(crate) async fn decide(
    authorizer: &Authorizer,
    presented: &Presented,
    text: &str,
) -> Result<Decision, Failure> {
    let Ok(token) = Token::parse(&authorizer.app.key_prefix, text) else {
        return Ok(Err(Refusal::Malformed));
    };
    if let Some(found) = authorizer.recent.get(token.key_id())
        && let Ok(context) = judge(authorizer, presented, token, &found).await?
    {
        return Ok(Ok(context));
    }
    let began = Instant::now();
    let Some(found) = authorizer.app.table.access_key_and_user(token.key_id()).await? else {
        return Ok(Err(Refusal::UnknownKey(token.key_id())));
    };
    let decision = judge(authorizer, presented, token, &found).await?;
    match &decision {
        Ok(_) => {
            authorizer.recent.keep(began, &found);
            note_use(authorizer, &found.key, presented.now).await;
        }
        Err(Refusal::RetiredSecret(_)) => reuse::tell(authorizer, presented, &found).await,
        Err(_) => {}
    }
    Ok(decision)
}

async fn judge(
    authorizer: &Authorizer,
    presented: &Presented,
    token: Token<'_>,
    found: &KeyWithUser,
) -> Result<Decision, Failure> {
    let key = &found.key;
    match authorizer.app.pepper.check(key, token, presented.now).await? {
        Found::Working(_) => {}
        Found::Nothing => return Ok(Err(Refusal::WrongSecret(key.key_id))),
        Found::Retired => return Ok(Err(Refusal::RetiredSecret(key.key_id))),
    }
    match key.status(presented.now) {
        Status::Active => {}
        Status::Inactive => return Ok(Err(Refusal::Inactive(key.key_id))),
        Status::Expired => return Ok(Err(Refusal::Expired(key.key_id))),
        Status::Revoked => return Ok(Err(Refusal::Revoked(key.key_id))),
    }
    let from = presented.source_ip.parse().ok();
    if !key.may_be_used_from(from) {
        return Ok(Err(Refusal::ForeignAddress(key.key_id)));
    }
    Ok(clear(authorizer, presented, &found.user, Some(key), false).await?.map(
        |Cleared { snapshot, permissions }| {
            Context::member(&snapshot.organization, &found.user, &permissions).with_key(key, presented.now)
        },
    ))
}

/// Notes the use as well as it can: a request never fails for it.
async fn note_use(authorizer: &Authorizer, key: &AccessKey, now: Time) {
    if key.last_used_at.is_some_and(|used| used.plus(NOTE_USE_EVERY) > now) {
        return;
    }
    let noting = authorizer.app.table.touch_access_key(key.key_id, now, NOTE_USE_EVERY);
    match tokio::time::timeout(NOTE_USE_WITHIN, noting).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => {
            tracing::warn!(key.id = %key.key_id, error.cause = %failure, "could not note the use of a key");
        }
        Err(_) => tracing::warn!(key.id = %key.key_id, "gave up noting the use of a key"),
    }
}

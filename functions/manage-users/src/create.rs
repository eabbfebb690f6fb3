//! Creates a user, and for a machine user its first keys.

mod body;
mod keys;

use api::{
    AccessKeyResponse, HandlerError, HandlerResult, Member, Request,
    app::{App, Pepper},
    response::{created, ok},
};
pub(crate) use body::Body;
use domain::{
    Error, access::Action, access_key::AccessKey, audit, limits::check_names, notice,
    organization::Organization, token::SecretToken, user::User,
};
use keys::new_keys;
use serde_json::json;
use table::{ChangeRecords, IdempotencyRecord, Snapshot, StoredAccessKey};

use crate::response::UserResponse;

/// Responds with the new user, and for a machine with its keys and their secrets. Either all are created or none.
///
/// A request that is repeated under the same `Idempotency-Key` gets all of them as they are, without secrets.
pub(crate) async fn create(app: &App<Pepper>, request: &Request<Member>) -> HandlerResult {
    let create = async |record| create_once(app, request, record).await;
    request
        .idempotent(app, create, async |record: &IdempotencyRecord| replay(app, request, record).await)
        .await
}

async fn replay(app: &App<Pepper>, request: &Request<Member>, record: &IdempotencyRecord) -> HandlerResult {
    let member = &request.caller;
    member.actor().may(Action::WriteUser)?;
    let user_id = record.user_id.ok_or(Error::NotFound { what: "user" })?;
    let user = app.user(member, user_id.as_str()).await?;
    if !record.key_ids.is_empty() {
        app.permit(member, Action::CreateKey, user.as_resource()).await?;
    }
    let mut keys = Vec::with_capacity(record.key_ids.len());
    for key_id in &record.key_ids {
        // A key that was deleted since is left out.
        keys.extend(app.table.access_key(*key_id).await?);
    }
    let version = user.version;
    let shown = |key| AccessKeyResponse::new(key, &user, &app.key_prefix, request.now);
    let keys = keys.into_iter().map(shown).collect();
    Ok(ok(&UserResponse::from(user).with_keys(keys), Some(version)))
}

async fn create_once(
    app: &App<Pepper>,
    request: &Request<Member>,
    record: Option<IdempotencyRecord>,
) -> HandlerResult {
    request.query(&[])?;
    let member = &request.caller;
    member.actor().may(Action::WriteUser)?;
    let (mut user, wanted) = Body::read(request)?.into_user(member, request.now)?;
    let Snapshot { organization, catalog } = app.snapshot(member).await?;
    check_names((&[], &[]), (&user.roles, &user.groups))?;
    member.actor().may_create_user(&user, &catalog)?;
    if !wanted.is_empty() {
        app.permit(member, Action::CreateKey, user.as_resource()).await?;
    }
    let keys = new_keys(app, request, &organization, &user, wanted).await?;
    user.live_keys = keys.iter().map(|(key, _)| (key.key_id.suffix(), key.expires_at)).collect();
    let key_ids = keys.iter().map(|(key, _)| key.key_id).collect();
    let record = record.map(|record| record.with(201, Some(user.user_id), key_ids));
    store(app, request, &organization, &user, &keys, record.as_ref()).await?;

    let shown = |(key, token): (AccessKey, SecretToken)| {
        AccessKeyResponse::new(key, &user, &app.key_prefix, request.now).with_secret(&token)
    };
    let keys = keys.into_iter().map(shown).collect();
    Ok(created(&UserResponse::from(user).with_keys(keys), Some(1)))
}

async fn store(
    app: &App<Pepper>,
    request: &Request<Member>,
    organization: &Organization,
    user: &User,
    keys: &[(AccessKey, SecretToken)],
    record: Option<&IdempotencyRecord>,
) -> Result<(), HandlerError> {
    let changes = json!({
        "kind": user.kind, "name": user.name, "email": user.email, "roles": user.roles, "groups": user.groups,
    });
    let mut events = vec![request.audit_event(audit::Action::UserCreated, user.user_id, changes)];
    let mut stored = Vec::with_capacity(keys.len());
    for (key, _) in keys {
        let changes =
            json!({"name": key.name, "expires_at": key.expires_at.map(|expiry| expiry.to_string())});
        events.push(request.audit_event(audit::Action::AccessKeyCreated, key.key_id, changes));
        stored.push(StoredAccessKey {
            key,
            due_at: notice::next_due(&organization.policy.notices, key, request.now),
        });
    }
    Ok(app.table.create_user(user, &stored, ChangeRecords::of(&events).idempotent(record)).await?)
}

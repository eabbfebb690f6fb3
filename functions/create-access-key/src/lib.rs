//! Creates an access key, within the quota of its user and the policy of the organization.

mod body;
#[cfg(feature = "openapi")]
mod openapi;

use api::{
    AccessKeyChange, AccessKeyResponse, HandlerError, HandlerResult, Member, Request,
    app::{App, Pepper},
    replay_key, response, retry_on_conflict,
};
use body::Body;
use domain::{
    access::Action,
    access_key::AccessKey,
    audit,
    id::{KeyId, KeySuffix},
    notice,
    policy::Policy,
    quota::check_quota,
};
use serde_json::json;
use table::{ChangeRecords, IdempotencyRecord, StoredAccessKey};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with the new key and its secret, which no later response shows.
///
/// A request that is repeated under the same `Idempotency-Key` gets the key as it is, without its secret.
pub async fn create_access_key(app: &App<Pepper>, request: lambda_http::Request) -> HandlerResult {
    let request = &Request::read_member(request)?;
    let create = async |record| create(app, request, record).await;
    let replay = async |record: &IdempotencyRecord| replay_key(app, request, record, Action::CreateKey).await;
    request.idempotent(app, create, replay).await
}

async fn create(
    app: &App<Pepper>,
    request: &Request<Member>,
    record: Option<IdempotencyRecord>,
) -> HandlerResult {
    request.query(&[])?;
    let member = &request.caller;
    let user = app.user(member, &request.path("user_id")?).await?;
    let right = app.permit(member, Action::CreateKey, user.as_resource()).await?;
    let body = Body::read(request)?;
    let expires_at = body.expiry(request.now)?;
    let snapshot = app.snapshot(member).await?;
    snapshot.organization.policy.check_lifetime(expires_at, request.now)?;
    let presented = app.own_key(member, &user).await?;
    let catalog = &snapshot.catalog;
    // Refused before argon2 runs: what cannot be done must not cost CPU time.
    member.actor().may_create_key(right, presented.as_ref(), body.restrictions(), &user, catalog)?;
    check_quota(&user, &snapshot.organization.policy, 1, request.now)?;

    let key_id = KeyId::new(user.user_id, KeySuffix::random());
    let new = app.new_secret(key_id).await?;
    let key = body.into_key(&new, expires_at, request);
    let record = record.map(|record| record.with(201, None, vec![key_id]));
    let checked = Checked { version: user.version, policy: &snapshot.organization.policy };
    retry_on_conflict(|| store(app, request, checked, &key, record.as_ref())).await?;
    let shown = AccessKeyResponse::new(key, &user, &app.key_prefix, request.now).with_secret(&new.token);
    Ok(response::created(&shown, Some(1)))
}

/// What the rights to create the key were judged by, before its secret was made.
#[derive(Clone, Copy)]
struct Checked<'a> {
    /// The version of the user.
    version: u64,
    policy: &'a Policy,
}

/// Stores the key for its user as it is now.
///
/// A user that changed meanwhile may hold more, so that the rights are judged again.
async fn store(
    app: &App<Pepper>,
    request: &Request<Member>,
    checked: Checked<'_>,
    key: &AccessKey,
    record: Option<&IdempotencyRecord>,
) -> Result<(), HandlerError> {
    let (member, policy) = (&request.caller, checked.policy);
    let user = app.user(member, key.user_id().as_str()).await?;
    let right = app.permit(member, Action::CreateKey, user.as_resource()).await?;
    if user.version != checked.version {
        let (presented, catalog) = (app.own_key(member, &user).await?, app.snapshot(member).await?.catalog);
        let actor = member.actor();
        actor.may_create_key(right, presented.as_ref(), key.restrictions(), &user, &catalog)?;
    }
    let slot = check_quota(&user, policy, 1, request.now)?;
    let due_at = notice::next_due(&policy.notices, key, request.now);
    let changes = json!({
        "name": key.name, "expires_at": key.expires_at.map(|expiry| expiry.to_string()),
        "roles": key.roles, "groups": key.groups, "allowed_cidrs": key.allowed_cidrs,
    });
    let events = [request.audit_event(audit::Action::AccessKeyCreated, key.key_id, changes)];
    let notification = request.key_notification(&user, key, &app.key_prefix, AccessKeyChange::Created);
    let records = ChangeRecords::of(&events).notifying(notification.as_slice()).idempotent(record);
    Ok(app.table.create_access_key(StoredAccessKey { key, due_at }, &user, &slot, records).await?)
}

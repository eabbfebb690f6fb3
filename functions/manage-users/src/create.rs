//! Creates a user, and for a machine user its first keys.

use std::num::NonZeroU32;

use api::{
    AccessKeyResponse, HandlerError, HandlerResult, Member, Request,
    app::{App, Pepper},
    chosen_expiry,
    response::{created, ok},
};
use domain::{
    Error,
    access::Action,
    access_key::AccessKey,
    audit,
    id::{KeyId, KeySuffix},
    limits::check_names,
    notice,
    notification_preferences::NotificationPreferencesChange,
    organization::Organization,
    quota::check_quota,
    role::{Label, distinct},
    text::{Email, Name},
    token::SecretToken,
    user::{Kind, User},
};
use serde::Deserialize;
use serde_json::json;
use table::{ChangeRecords, IdempotencyRecord, Snapshot, StoredAccessKey};

use crate::response::UserResponse;

/// The most keys that can be created together with a machine user.
const MAX_KEYS: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: Kind,
    name: Name,
    email: Option<Email>,
    #[serde(default)]
    roles: Vec<Label>,
    #[serde(default)]
    groups: Vec<Label>,
    #[serde(default)]
    notifications: NotificationPreferencesChange,
    #[serde(default)]
    access_keys: Vec<KeyBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    name: Name,
    expires_in_days: NonZeroU32,
}

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
    let mut keys = Vec::with_capacity(record.key_ids.len());
    for key_id in &record.key_ids {
        // A key that was deleted since is left out.
        keys.extend(app.table.access_key(*key_id).await?);
    }
    let (kind, version) = (user.kind, user.version);
    let shown = |key| AccessKeyResponse::new(key, kind, &app.key_prefix, request.now);
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
    let body: Body = request.body()?;
    check(&body)?;
    let Snapshot { organization, catalog } = app.snapshot(member).await?;
    let mut user = User::new(member.organization_id, body.kind, body.name, body.email, request.now);
    user.roles = distinct(body.roles);
    user.groups = distinct(body.groups);
    user.notifications = user.notifications.changed(&body.notifications);
    check_names((&[], &[]), (&user.roles, &user.groups))?;
    member.actor().may_create_user(&user, &catalog)?;
    if !body.access_keys.is_empty() {
        app.permit(member, Action::CreateKey, user.as_resource()).await?;
    }
    let keys = new_keys(app, request, &organization, &user, body.access_keys).await?;
    user.live_keys = keys.iter().map(|(key, _)| (key.key_id.suffix(), key.expires_at)).collect();
    let key_ids = keys.iter().map(|(key, _)| key.key_id).collect();
    let record = record.map(|record| record.with(201, Some(user.user_id), key_ids));
    store(app, request, &organization, &user, &keys, record.as_ref()).await?;

    let shown = |(key, token): (AccessKey, SecretToken)| {
        AccessKeyResponse::new(key, Kind::Machine, &app.key_prefix, request.now).with_secret(&token)
    };
    let keys = keys.into_iter().map(shown).collect();
    Ok(created(&UserResponse::from(user).with_keys(keys), Some(1)))
}

fn check(body: &Body) -> Result<(), Error> {
    if body.kind != Kind::Machine && body.email.is_none() {
        return Err(Error::invalid(
            "email",
            "must be given for people: it is how they sign in and are warned",
        ));
    }
    if body.kind != Kind::Machine && !body.access_keys.is_empty() {
        return Err(Error::invalid("access_keys", "are for machine users: people create their own"));
    }
    if body.access_keys.len() > MAX_KEYS {
        return Err(Error::invalid("access_keys", format!("must be {MAX_KEYS} at most")));
    }
    Ok(())
}

async fn new_keys(
    app: &App<Pepper>,
    request: &Request<Member>,
    organization: &Organization,
    user: &User,
    wanted: Vec<KeyBody>,
) -> Result<Vec<(AccessKey, SecretToken)>, HandlerError> {
    check_quota(user, &organization.policy, wanted.len(), request.now)?;
    let mut expiries = Vec::with_capacity(wanted.len());
    for key in &wanted {
        let expires_at = chosen_expiry(Some(key.expires_in_days.get()), None, None, request.now)?.flatten();
        organization.policy.check_lifetime(expires_at, request.now)?;
        expiries.push(expires_at);
    }
    let created_by = request.caller.user_id;
    let mut keys = Vec::with_capacity(wanted.len());
    for (key, expires_at) in wanted.into_iter().zip(expiries) {
        let key_id = KeyId::new(user.user_id, KeySuffix::random());
        let token = SecretToken::generate(&app.key_prefix, key_id);
        let secret = app.pepper.hash_secret(&token).await?;
        let organization_id = user.organization_id;
        let key =
            AccessKey::new(&token, secret, organization_id, key.name, expires_at, created_by, request.now);
        keys.push((key, token));
    }
    Ok(keys)
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

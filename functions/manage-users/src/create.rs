use std::num::NonZeroU32;

use api::{
    Answer, KeyAnswer, Problem, Request,
    app::{App, Pepper},
    chosen_expiry, created, ok,
};
use domain::{
    Error,
    access::Action,
    access_key::AccessKey,
    grant::{check_roles_exist, of_user, permissions},
    id::{KeyId, KeySuffix},
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
use table::{StoredAccessKey, IdempotencyRecord, Snapshot, ChangeRecords};

use crate::UserAnswer;

/// The most keys that can be made together with a machine user.
const MOST_KEYS: usize = 20;

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

/// Answers the new user, and for a machine the keys asked for with their secrets: all or nothing.
///
/// A repetition under the same `Idempotency-Key` answers all of them as they are, without secrets.
pub(crate) async fn create(app: &App<Pepper>, request: &Request) -> Answer {
    let make = async |once| make(app, request, once).await;
    request.once(app, make, async |done: &IdempotencyRecord| again(app, request, done).await).await
}

async fn again(app: &App<Pepper>, request: &Request, done: &IdempotencyRecord) -> Answer {
    let member = request.member()?;
    member.actor().may(Action::WriteUser)?;
    let user_id = done.user_id.ok_or(Error::NotFound { what: "user" })?;
    let user = app.user(member, user_id.as_str()).await?;
    let mut keys = Vec::with_capacity(done.key_ids.len());
    for key_id in &done.key_ids {
        // One that was deleted since is left out.
        keys.extend(app.table.access_key(*key_id).await?);
    }
    let (kind, version) = (user.kind, user.version);
    let shown = |key| KeyAnswer::new(key, kind, &app.key_prefix, request.now);
    let keys = keys.into_iter().map(shown).collect();
    Ok(ok(&UserAnswer::from(user).with_keys(keys), Some(version)))
}

async fn make(app: &App<Pepper>, request: &Request, once: Option<IdempotencyRecord>) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    member.actor().may(Action::WriteUser)?;
    let body: Body = request.body()?;
    check(&body)?;
    let Snapshot { organization, catalog } = app.snapshot(member).await?;
    let mut user = User::new(member.organization_id, body.kind, body.name, body.email, request.now);
    user.roles = distinct(body.roles);
    user.groups = distinct(body.groups);
    user.notifications = user.notifications.changed(&body.notifications);
    check_roles_exist(&user.roles, &user.groups, &catalog)?;
    member.actor().may_grant(&permissions(of_user(&user, &catalog)))?;
    if !body.access_keys.is_empty() {
        app.permit(member, Action::CreateKey, user.as_resource()).await?;
    }
    let keys = keys(app, request, &organization, &user, body.access_keys).await?;
    user.live_keys = keys.iter().map(|(key, _)| (key.key_id.suffix(), key.expires_at)).collect();
    let key_ids = keys.iter().map(|(key, _)| key.key_id).collect();
    let once = once.map(|once| once.with(201, Some(user.user_id), key_ids));
    store(app, request, &organization, &user, &keys, once.as_ref()).await?;

    let shown = |(key, token): (AccessKey, SecretToken)| {
        KeyAnswer::new(key, Kind::Machine, &app.key_prefix, request.now).with_secret(&token)
    };
    let keys = keys.into_iter().map(shown).collect();
    Ok(created(&UserAnswer::from(user).with_keys(keys), Some(1)))
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
    if body.access_keys.len() > MOST_KEYS {
        return Err(Error::invalid("access_keys", format!("must be {MOST_KEYS} at most")));
    }
    Ok(())
}

async fn keys(
    app: &App<Pepper>,
    request: &Request,
    organization: &Organization,
    user: &User,
    wanted: Vec<KeyBody>,
) -> Result<Vec<(AccessKey, SecretToken)>, Problem> {
    check_quota(user, &organization.policy, wanted.len(), request.now)?;
    let mut expiries = Vec::with_capacity(wanted.len());
    for key in &wanted {
        let expires_at = chosen_expiry(Some(key.expires_in_days.get()), None, None, request.now)?.flatten();
        organization.policy.check_lifetime(expires_at, request.now)?;
        expiries.push(expires_at);
    }
    let by = request.member()?.user_id;
    let mut keys = Vec::with_capacity(wanted.len());
    for (key, expires_at) in wanted.into_iter().zip(expiries) {
        let key_id = KeyId::new(user.user_id, KeySuffix::random());
        let token = SecretToken::generate(&app.key_prefix, key_id);
        let secret = app.pepper.hash_secret(&token).await?;
        keys.push((
            AccessKey::new(&token, secret, user.organization_id, key.name, expires_at, by, request.now),
            token,
        ));
    }
    Ok(keys)
}

async fn store(
    app: &App<Pepper>,
    request: &Request,
    organization: &Organization,
    user: &User,
    keys: &[(AccessKey, SecretToken)],
    once: Option<&IdempotencyRecord>,
) -> Result<(), Problem> {
    let changes = json!({
        "kind": user.kind, "name": user.name, "email": user.email, "roles": user.roles, "groups": user.groups,
    });
    let mut events = vec![request.audit_event(
        user.organization_id,
        "user.created",
        ("user", user.user_id.to_string()),
        changes,
    )];
    let mut new = Vec::with_capacity(keys.len());
    for (key, _) in keys {
        let changes =
            json!({"name": key.name, "expires_at": key.expires_at.map(|expiry| expiry.to_string())});
        let target = ("access_key", key.key_id.to_string());
        events.push(request.audit_event(user.organization_id, "access_key.created", target, changes));
        new.push(StoredAccessKey { key, due_at: notice::next_due(&organization.policy.notices, key, request.now) });
    }
    Ok(app.table.create_user(user, &new, ChangeRecords::of(&events).idempotent(once)).await?)
}

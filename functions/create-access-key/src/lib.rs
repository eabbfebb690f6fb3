//! Creates an access key, in the quota of its user and within the organization's policy.

use api::{
    Answer, Instant, KeyAnswer, Problem, Request,
    app::{App, Pepper},
    chosen_expiry, created, until_won,
};
use domain::{
    Error,
    access::{Action, Subject},
    access_key::AccessKey,
    id::{KeyId, KeySuffix},
    notice,
    organization::Organization,
    quota::find_room,
    text::{Description, Name},
    token::SecretToken,
    user::User,
};
use lambda_http::Request as Event;
use serde::Deserialize;
use serde_json::json;
use table::NewKey;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: Name,
    description: Option<Description>,
    expires_in_days: Option<u32>,
    expires_at: Option<Instant>,
    never_expires: Option<bool>,
}

/// Answers the new key with its secret, which is shown here and nowhere again.
pub async fn create_access_key(app: &App<Pepper>, event: Event) -> Answer {
    let request = Request::read(event)?;
    request.query(&[])?;
    let member = request.member()?;
    let user = app.user(member, &request.path("user_id")?).await?;
    member.actor().may_for(Action::CreateKey, Subject { user_id: user.user_id, kind: user.kind })?;
    let body: Body = request.body()?;
    let expires_at = chosen_expiry(body.expires_in_days, body.expires_at, body.never_expires, request.now)?
        .ok_or_else(|| {
        Error::invalid("expires_in_days", "give one of expires_in_days, expires_at, never_expires")
    })?;
    let organization = organization(app, &user).await?;
    organization.policy.check_lifetime(expires_at, request.now)?;
    // Refused before argon2 runs: a full quota must not cost CPU time.
    find_room(&user, &organization.policy, 1, request.now)?;

    let key_id = KeyId::new(user.user_id, KeySuffix::random());
    let token = SecretToken::generate(&app.key_prefix, key_id);
    let secret = app.pepper.seal(&token).await?;
    let mut key = AccessKey::new(
        &token,
        secret,
        user.organization_id,
        body.name,
        expires_at,
        member.user_id,
        request.now,
    );
    key.description = body.description;
    until_won(|| store(app, &request, &organization, &key)).await?;
    let answer = KeyAnswer::new(key, user.kind, &app.key_prefix, request.now).with_secret(&token);
    Ok(created(&answer, Some(1)))
}

async fn organization(app: &App<Pepper>, user: &User) -> Result<Organization, Problem> {
    let organization = app.table.organization(user.organization_id).await?;
    Ok(organization.ok_or(Error::NotFound { what: "organization" })?)
}

async fn store(
    app: &App<Pepper>,
    request: &Request,
    organization: &Organization,
    key: &AccessKey,
) -> Result<(), Problem> {
    let member = request.member()?;
    let user = app.user(member, key.user_id().as_str()).await?;
    member.actor().may_for(Action::CreateKey, Subject { user_id: user.user_id, kind: user.kind })?;
    let room = find_room(&user, &organization.policy, 1, request.now)?;
    let due_at = notice::next_due(&organization.policy.notices, key, request.now);
    let changes = json!({"name": key.name, "expires_at": key.expires_at.map(|expiry| expiry.to_string())});
    let target = ("access_key", key.key_id.to_string());
    let event = request.audit_event(key.organization_id, "access_key.created", target, changes);
    Ok(app.table.create_access_key(NewKey { key, due_at }, &user, &room, &event).await?)
}

//! Creates an access key, in the quota of its user and within the organization's policy.

use api::{
    Answer, Done, Instant, KeyAnswer, Problem, Request,
    app::{App, Pepper},
    chosen_expiry, created, key_again, until_won,
};
use domain::{
    Error, Time,
    access::{Action, Right},
    access_key::AccessKey,
    cidr::{self, Cidr},
    grant::{check_roles_exist, effective},
    id::{KeyId, KeySuffix, UserId},
    notice,
    organization::Organization,
    quota::check_quota,
    role::{Label, distinct},
    secret::StoredSecret,
    text::{Description, Name},
    token::SecretToken,
    user::User,
};
use lambda_http::Request as Event;
use serde::Deserialize;
use serde_json::json;
use table::{StoredAccessKey, IdempotencyRecord, ChangeRecords};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: Name,
    description: Option<Description>,
    expires_in_days: Option<u32>,
    expires_at: Option<Instant>,
    never_expires: Option<bool>,
    roles: Option<Vec<Label>>,
    groups: Option<Vec<Label>>,
    allowed_cidrs: Option<Vec<Cidr>>,
}

impl Body {
    fn expiry(&self, now: Time) -> Result<Option<Time>, Error> {
        const RULE: &str = "give one of expires_in_days, expires_at, never_expires";
        let chosen = chosen_expiry(self.expires_in_days, self.expires_at, self.never_expires, now)?;
        chosen.ok_or_else(|| Error::invalid("expires_in_days", RULE))
    }

    fn into_key(self, token: &SecretToken, secret: StoredSecret, user: &User, by: Made) -> AccessKey {
        let mut key =
            AccessKey::new(token, secret, user.organization_id, self.name, by.expires_at, by.user_id, by.now);
        key.description = self.description;
        key.roles = self.roles.map(distinct);
        key.groups = self.groups.map(distinct);
        key.allowed_cidrs = by.allowed_cidrs;
        key
    }
}

/// Who makes the key, when and until when.
struct Made {
    user_id: UserId,
    now: Time,
    expires_at: Option<Time>,
    allowed_cidrs: Option<Vec<Cidr>>,
}

/// Answers the new key with its secret, which is shown here and nowhere again.
///
/// A repetition under the same `Idempotency-Key` answers the key as it is, without its secret.
pub async fn create_access_key(app: &App<Pepper>, event: Event) -> Answer {
    let request = &Request::read(event)?;
    let make = async |once| create(app, request, once).await;
    let again = async |done: &IdempotencyRecord| key_again(app, request, done, Action::CreateKey).await;
    request.once(app, make, again).await
}

async fn create(app: &App<Pepper>, request: &Request, once: Option<IdempotencyRecord>) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    let user = app.user(member, &request.path("user_id")?).await?;
    let right = app.permit(member, Action::CreateKey, user.as_resource()).await?;
    let mut body: Body = request.body()?;
    let made = Made {
        user_id: member.user_id,
        now: request.now,
        expires_at: body.expiry(request.now)?,
        allowed_cidrs: body.allowed_cidrs.take().map(cidr::checked).transpose()?,
    };
    let snapshot = app.snapshot(member).await?;
    let (roles, groups) =
        (body.roles.as_deref().unwrap_or_default(), body.groups.as_deref().unwrap_or_default());
    check_roles_exist(roles, groups, &snapshot.catalog)?;
    snapshot.organization.policy.check_lifetime(made.expires_at, request.now)?;
    // Refused before argon2 runs: a full quota must not cost CPU time.
    check_quota(&user, &snapshot.organization.policy, 1, request.now)?;

    let key_id = KeyId::new(user.user_id, KeySuffix::random());
    let token = SecretToken::generate(&app.key_prefix, key_id);
    let secret = app.pepper.hash_secret(&token).await?;
    let key = body.into_key(&token, secret, &user, made);
    if right == Right::Held {
        member.actor().may_grant(&effective(&user, Some(&key), &snapshot.catalog))?;
    }
    let once = once.map(|once| once.with(201, None, vec![key_id]));
    until_won(|| store(app, request, &snapshot.organization, &key, once.as_ref())).await?;
    let answer = KeyAnswer::new(key, user.kind, &app.key_prefix, request.now).with_secret(&token);
    Ok(created(&answer, Some(1)))
}

async fn store(
    app: &App<Pepper>,
    request: &Request,
    organization: &Organization,
    key: &AccessKey,
    once: Option<&IdempotencyRecord>,
) -> Result<(), Problem> {
    let member = request.member()?;
    let user = app.user(member, key.user_id().as_str()).await?;
    app.permit(member, Action::CreateKey, user.as_resource()).await?;
    let room = check_quota(&user, &organization.policy, 1, request.now)?;
    let due_at = notice::next_due(&organization.policy.notices, key, request.now);
    let changes = json!({
        "name": key.name, "expires_at": key.expires_at.map(|expiry| expiry.to_string()),
        "roles": key.roles, "groups": key.groups, "allowed_cidrs": key.allowed_cidrs,
    });
    let target = ("access_key", key.key_id.to_string());
    let events = [request.audit_event(key.organization_id, "access_key.created", target, changes)];
    let news = request.news_of_key(&user, key, &app.key_prefix, Done::Created)?;
    let records = ChangeRecords::of(&events).notifying(news.as_slice()).idempotent(once);
    Ok(app.table.create_access_key(StoredAccessKey { key, due_at }, &user, &room, records).await?)
}

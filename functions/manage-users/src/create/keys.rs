//! The first keys of a new machine user.

use api::{
    HandlerError, Member, NewSecret, Request,
    app::{App, Pepper},
    chosen_expiry,
};
use domain::{
    access_key::AccessKey,
    id::{KeyId, KeySuffix},
    organization::Organization,
    quota::check_quota,
    token::SecretToken,
    user::User,
};

use super::body::KeyBody;

/// Makes the keys, each with its secret. All are checked before the first secret is hashed, which costs CPU time.
pub(crate) async fn new_keys(
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
        let NewSecret { token, stored } = app.new_secret(key_id).await?;
        let organization_id = user.organization_id;
        let key =
            AccessKey::new(&token, stored, organization_id, key.name, expires_at, created_by, request.now);
        keys.push((key, token));
    }
    Ok(keys)
}

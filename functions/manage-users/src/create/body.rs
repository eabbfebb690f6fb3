//! The body of a new user.

use std::num::NonZeroU32;

use api::{HandlerError, Member, Request};
use domain::{
    Error, Time,
    address::check_address,
    change::Change,
    notification_preferences::NotificationPreferencesChange,
    role::{Label, distinct},
    text::{Email, Name},
    user::{Kind, User},
};
use serde::Deserialize;

/// The most keys that can be created together with a machine user.
const MAX_KEYS: usize = 20;

/// A new user. A machine may come with keys; a person has an e-mail address.
#[derive(Debug, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(
        rename = "NewUser",
        extend("not" = {
            "required": ["kind"],
            "properties": { "kind": { "enum": ["owner", "normal"] } },
            "anyOf": [
                { "properties": { "email": { "type": "null" } } },
                { "required": ["access_keys"], "properties": { "access_keys": { "type": "array", "minItems": 1 } } },
            ],
        })
    )
)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) kind: Kind,
    pub(crate) name: Name,
    pub(crate) email: Option<Email>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
    #[serde(default)]
    pub(crate) roles: Vec<Label>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
    #[serde(default)]
    pub(crate) groups: Vec<Label>,
    #[serde(default)]
    pub(crate) notifications: Change<NotificationPreferencesChange>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
    #[serde(default)]
    pub(crate) access_keys: Vec<KeyBody>,
}

/// A key of a new machine user.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewMachineKey"))]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    pub(crate) name: Name,
    pub(crate) expires_in_days: NonZeroU32,
}

impl Body {
    /// Reads the body, and checks all that needs no other item.
    pub(crate) fn read(request: &Request<Member>) -> Result<Self, HandlerError> {
        let body: Self = request.body()?;
        if body.kind != Kind::Machine && !body.access_keys.is_empty() {
            return Err(
                Error::invalid("access_keys", "are for machine users: people create their own").into()
            );
        }
        if body.access_keys.len() > MAX_KEYS {
            return Err(Error::invalid("access_keys", format!("must be {MAX_KEYS} at most")).into());
        }
        Ok(body)
    }

    /// Makes the user, and returns what is wanted of its keys.
    pub(crate) fn into_user(self, caller: &Member, now: Time) -> Result<(User, Vec<KeyBody>), Error> {
        let mut user = User::new(caller.organization_id, self.kind, self.name, self.email, now);
        check_address(&user)?;
        user.roles = distinct(self.roles);
        user.groups = distinct(self.groups);
        user.notifications = user.notifications.changed(self.notifications);
        Ok((user, self.access_keys))
    }
}

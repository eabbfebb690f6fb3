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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Value, json};

    use super::*;

    fn request(body: &str) -> Request<Member> {
        let event = fuzz::event_with_body(include_str!("../../../../tests/events/manage-users.json"), body);
        Request::read_member(lambda_http::request::from_str(&event).unwrap())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_machine_comes_with_20_keys_at_most() {
        let with_keys = |count: usize| {
            let keys = vec![json!({"name": "key", "expires_in_days": 1}); count];
            Body::read(&request(&json!({"kind": "machine", "name": "m", "access_keys": keys}).to_string()))
        };
        assert_eq!(with_keys(20).unwrap().access_keys.len(), 20);
        let refused = with_keys(21).unwrap_err().to_string();
        assert!(refused.contains("20"), "{refused}");
    }

    /// Returns the different texts of a list, which may be absent.
    fn texts(list: &Value) -> HashSet<&str> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    #[test]
    fn fuzzed_users_are_as_their_body_says_and_only_machines_come_with_keys() {
        fuzz::documents("new_user").play(|text| {
            let read = |text: &str| Body::read(&request(text)).ok();
            let Some((body, document)) = fuzz::read_body(text, read) else { return false };
            let request = request(text);
            let Ok((user, keys)) = body.into_user(&request.caller, request.now) else {
                assert!(
                    document["kind"] != "machine" && document["email"].is_null(),
                    "people need an address"
                );
                return false;
            };
            let is_machine = document["kind"] == "machine";
            assert!(is_machine || (keys.is_empty() && user.email.is_some()));
            assert!(keys.len() <= 20);
            let shown = serde_json::to_value(&user).unwrap();
            assert_eq!((&shown["kind"], &shown["name"]), (&document["kind"], &document["name"]));
            for list in ["roles", "groups"] {
                assert_eq!(texts(&shown[list]), texts(&document[list]));
                assert_eq!(
                    texts(&shown[list]).len(),
                    shown[list].as_array().map_or(0, Vec::len),
                    "each once"
                );
            }
            let off = |kind: &str, channel: &str| document["notifications"][kind][channel] == false;
            for kind in ["key_expiring", "key_expired", "key_changed", "access_changed"] {
                for channel in ["email", "inbox"] {
                    assert_eq!(shown["notifications"][kind][channel] == false, off(kind, channel));
                }
            }
            let wanted = document["access_keys"].as_array().into_iter().flatten();
            let wanted: Vec<_> = wanted.map(|key| key["expires_in_days"].as_f64()).collect();
            assert!(keys.iter().map(|key| Some(f64::from(key.expires_in_days.get()))).eq(wanted));
            true
        });
    }
}

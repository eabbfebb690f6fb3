//! The body of a change of a key.

use api::{Instant, chosen_expiry, non_null, nullable};
use domain::{
    Error, Time,
    access_key::AccessKey,
    cidr::{self, Cidr},
    id::UserId,
    role::{Label, distinct},
    text::{Description, Name},
};
use serde::Deserialize;

/// The new values. An absent member is not changed.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AccessKeyPatch", extend("not" = { "anyOf": [{ "required": ["expires_in_days", "expires_at"] }, { "required": ["expires_in_days", "never_expires"] }, { "required": ["expires_at", "never_expires"] }] })))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(with = "Name"))]
    #[serde(default, deserialize_with = "non_null")]
    name: Option<Name>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Description>"))]
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<Description>>,
    #[cfg_attr(feature = "openapi", schemars(with = "bool"))]
    #[serde(default, deserialize_with = "non_null")]
    active: Option<bool>,
    #[cfg_attr(feature = "openapi", schemars(with = "std::num::NonZeroU32"))]
    #[serde(default, deserialize_with = "non_null")]
    expires_in_days: Option<u32>,
    #[cfg_attr(feature = "openapi", schemars(with = "Instant"))]
    #[serde(default, deserialize_with = "non_null")]
    expires_at: Option<Instant>,
    #[cfg_attr(feature = "openapi", schemars(with = "bool", extend("const" = true)))]
    #[serde(default, deserialize_with = "non_null")]
    never_expires: Option<bool>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Label>", length(max = 20)))]
    #[serde(default, deserialize_with = "non_null")]
    roles: Option<Vec<Label>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Label>", length(max = 20)))]
    #[serde(default, deserialize_with = "non_null")]
    groups: Option<Vec<Label>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<Cidr>>", length(min = 1, max = 50)))]
    #[serde(default, deserialize_with = "nullable")]
    allowed_cidrs: Option<Option<Vec<Cidr>>>,
}

impl Body {
    /// Tells whether the key is switched on or off and nothing else is changed.
    pub(crate) fn only_switches(&self, on: bool) -> bool {
        self.active == Some(on)
            && self.name.is_none()
            && self.description.is_none()
            && self.expires_in_days.is_none()
            && self.expires_at.is_none()
            && self.never_expires.is_none()
            && self.roles.is_none()
            && self.groups.is_none()
            && self.allowed_cidrs.is_none()
    }

    /// Sets the new values on the key, on behalf of `user_id` at `now`.
    pub(crate) fn apply(&self, key: &mut AccessKey, user_id: UserId, now: Time) -> Result<(), Error> {
        if let Some(name) = &self.name {
            key.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            key.description.clone_from(description);
        }
        match self.active {
            Some(true) => key.deactivated_by = None,
            Some(false) => key.switch_off(user_id),
            None => {}
        }
        if let Some(expiry) = chosen_expiry(self.expires_in_days, self.expires_at, self.never_expires, now)? {
            key.expires_at = expiry;
        }
        if let Some(roles) = &self.roles {
            key.roles = Some(distinct(roles.clone()));
        }
        if let Some(groups) = &self.groups {
            key.groups = Some(distinct(groups.clone()));
        }
        if let Some(networks) = &self.allowed_cidrs {
            key.allowed_cidrs = networks.clone().map(cidr::checked).transpose()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Option<Body> {
        let event = fuzz::event_with_body(include_str!("../../../tests/events/update-access-key.json"), body);
        let request = api::Request::read_open(lambda_http::request::from_str(&event).unwrap());
        request.unwrap_or_else(|error| panic!("{error}")).patch().ok()
    }

    #[test]
    fn fuzzed_patches_change_what_they_name_and_a_second_time_nothing() {
        let now = Time::from_seconds(1_790_000_000);
        let stored = include_str!("../../../tests/fuzz/corpus/stored_key.txt").lines().next().unwrap();
        let before: AccessKey = serde_json::from_str(stored).unwrap();
        let shown = |key: &AccessKey| serde_json::to_value(key).unwrap();
        fuzz::documents("access_key_patch").play(|text| {
            let Some((body, document)) = fuzz::read_body(text, read) else { return false };
            let mut key = before.clone();
            if body.apply(&mut key, before.created_by, now).is_err() {
                return false;
            }
            let once = shown(&key);
            body.apply(&mut key, before.created_by, now).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(shown(&key), once);
            for name in ["name", "description", "roles", "groups", "allowed_cidrs"] {
                if document.get(name).is_none() {
                    assert_eq!(once.get(name), shown(&before).get(name), "{name}");
                }
            }
            assert_eq!(body.only_switches(true), document == json!({"active": true}));
            true
        });
    }
}

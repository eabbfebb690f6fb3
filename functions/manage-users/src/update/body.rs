//! The body of a change of a user.

use api::{non_null, nullable};
use domain::{
    change::Change,
    notification_preferences::NotificationPreferencesChange,
    role::{Label, distinct},
    text::{Email, Name},
    user::{Kind, User},
};
use serde::Deserialize;

use crate::status::RequestedStatus;

/// The new values. An absent member is not changed.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "UserPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(with = "Name"))]
    #[serde(default, deserialize_with = "non_null")]
    name: Option<Name>,
    #[serde(default)]
    notifications: Change<NotificationPreferencesChange>,
    #[cfg_attr(feature = "openapi", schemars(with = "Kind"))]
    #[serde(default, deserialize_with = "non_null")]
    kind: Option<Kind>,
    #[cfg_attr(feature = "openapi", schemars(with = "RequestedStatus"))]
    #[serde(default, deserialize_with = "non_null")]
    status: Option<RequestedStatus>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Email>"))]
    #[serde(default, deserialize_with = "nullable")]
    email: Option<Option<Email>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Label>", length(max = 20)))]
    #[serde(default, deserialize_with = "non_null")]
    roles: Option<Vec<Label>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Label>", length(max = 20)))]
    #[serde(default, deserialize_with = "non_null")]
    groups: Option<Vec<Label>>,
}

impl Body {
    /// Tells whether a value is changed that people cannot change of themselves.
    pub(crate) const fn needs_write_user(&self) -> bool {
        self.kind.is_some()
            || self.status.is_some()
            || self.email.is_some()
            || self.roles.is_some()
            || self.groups.is_some()
    }

    /// Changes the user as the body says.
    pub(crate) fn apply(&self, user: &mut User) {
        fn set<T: Clone>(value: &mut T, new: Option<&T>) {
            if let Some(new) = new {
                value.clone_from(new);
            }
        }
        set(&mut user.name, self.name.as_ref());
        set(&mut user.kind, self.kind.as_ref());
        if let Some(email) = &self.email {
            user.set_email(email.clone());
        }
        set(&mut user.roles, self.roles.clone().map(distinct).as_ref());
        set(&mut user.groups, self.groups.clone().map(distinct).as_ref());
        user.notifications = user.notifications.changed(self.notifications);
        set(&mut user.status, self.status.map(Into::into).as_ref());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &str) -> Option<Body> {
        let event = fuzz::event_with_body(include_str!("../../../../tests/events/manage-users.json"), body);
        let request = api::Request::read_open(lambda_http::request::from_str(&event).unwrap());
        request.unwrap_or_else(|error| panic!("{error}")).patch().ok()
    }

    #[test]
    fn fuzzed_patches_of_users_change_what_they_name_and_a_second_time_nothing() {
        let stored = include_str!("../../../../tests/fuzz/corpus/stored_user.txt").lines().next().unwrap();
        let before: User = serde_json::from_str(stored).unwrap();
        let shown = |user: &User| serde_json::to_value(user).unwrap();
        fuzz::documents("user_patch").play(|text| {
            let Some((body, document)) = fuzz::read_body(text, read) else { return false };
            let mut user = before.clone();
            body.apply(&mut user);
            let once = shown(&user);
            body.apply(&mut user);
            assert_eq!(shown(&user), once);
            for name in ["name", "kind", "status", "email", "roles", "groups", "notifications"] {
                if document.get(name).is_none() {
                    assert_eq!(once.get(name), shown(&before).get(name), "{name}");
                }
            }
            for name in ["name", "kind", "status"] {
                assert!(document.get(name).is_none_or(|value| *value == once[name]), "{name}");
            }
            assert!(document.get("email") != Some(&Value::Null) || user.email.is_none());
            let own = ["name", "notifications"];
            let is_own = document.as_object().unwrap().keys().all(|name| own.contains(&name.as_str()));
            assert_eq!(body.needs_write_user(), !is_own);
            let all_on = json!({"email": true, "inbox": true});
            let is_reset = document.get("notifications") == Some(&Value::Null);
            assert!(!is_reset || once["notifications"].as_object().unwrap().values().all(|on| *on == all_on));
            true
        });
    }
}

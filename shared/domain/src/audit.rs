//! Audit events: each change with its time, actor, target, effect and origin.

mod effect;

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ulid::Ulid;

use crate::{
    Time, Timestamp,
    id::{KeyId, OrganizationId, UserId},
    sign_in::SignedIn,
    timestamp::before_handler,
};

pub use self::effect::Effect;

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Actor {
    /// The kind of the actor.
    #[serde(rename = "type")]
    #[cfg_attr(
        feature = "openapi",
        schemars(extend("enum" = ["user", "access_key", "sign_in", "system"]))
    )]
    pub kind: String,
    /// The actor's id.
    pub id: String,
    /// The actor's name at the time.
    pub name: String,
}

impl Actor {
    /// Names a user who signed in as a member.
    #[must_use]
    pub fn user(user_id: UserId, name: &str) -> Self {
        Self::new("user", user_id, name)
    }

    /// Names a key that was used.
    #[must_use]
    pub fn access_key(key_id: KeyId, name: &str) -> Self {
        Self::new("access_key", key_id, name)
    }

    /// Names a person who signed in and is no member yet.
    #[must_use]
    pub fn sign_in(sign_in: &SignedIn) -> Self {
        Self::new("sign_in", sign_in.hash(), sign_in.shown_name().as_str())
    }

    /// Names a part of the service that acts for nobody who signed in.
    #[must_use]
    pub fn system(id: &str, name: &str) -> Self {
        Self::new("system", id, name)
    }

    fn new(kind: &str, id: impl Display, name: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_string(), name: name.to_owned() }
    }
}

/// Something that can happen to a thing of an organization.
///
/// A new action is a variant here, a text in [`Action::as_str`] and an effect in [`Action::effect`]. Texts are stored: they
/// never change. The effect of an update follows from both states, so these actions carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Action {
    OrganizationCreated,
    OrganizationUpdated(Effect),
    OrganizationDeleted,
    UserCreated,
    UserLinked,
    UserUpdated(Effect),
    UserDeleted,
    RoleCreated,
    RoleUpdated(Effect),
    RoleDeleted,
    GroupCreated,
    GroupUpdated(Effect),
    GroupDeleted,
    AccessKeyCreated,
    AccessKeyUpdated(Effect),
    AccessKeyRotated,
    AccessKeyRevoked,
    AccessKeyDeleted,
    AccessKeyRetiredSecretUsed,
    AccessKeyRetiredSecretReported,
    AccessKeyExpiring,
    AccessKeyExpired,
}

impl Action {
    /// Returns the text that is stored and shown: the kind of the target, and the thing that happened to it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationCreated => "organization.created",
            Self::OrganizationUpdated(_) => "organization.updated",
            Self::OrganizationDeleted => "organization.deleted",
            Self::UserCreated => "user.created",
            Self::UserLinked => "user.linked",
            Self::UserUpdated(_) => "user.updated",
            Self::UserDeleted => "user.deleted",
            Self::RoleCreated => "role.created",
            Self::RoleUpdated(_) => "role.updated",
            Self::RoleDeleted => "role.deleted",
            Self::GroupCreated => "group.created",
            Self::GroupUpdated(_) => "group.updated",
            Self::GroupDeleted => "group.deleted",
            Self::AccessKeyCreated => "access_key.created",
            Self::AccessKeyUpdated(_) => "access_key.updated",
            Self::AccessKeyRotated => "access_key.rotated",
            Self::AccessKeyRevoked => "access_key.revoked",
            Self::AccessKeyDeleted => "access_key.deleted",
            Self::AccessKeyRetiredSecretUsed => "access_key.retired_secret_used",
            Self::AccessKeyRetiredSecretReported => "access_key.retired_secret_reported",
            Self::AccessKeyExpiring => "access_key.expiring",
            Self::AccessKeyExpired => "access_key.expired",
        }
    }

    /// Returns the effect on those whom the change concerns.
    #[must_use]
    pub const fn effect(self) -> Effect {
        match self {
            Self::OrganizationUpdated(effect)
            | Self::UserUpdated(effect)
            | Self::RoleUpdated(effect)
            | Self::GroupUpdated(effect)
            | Self::AccessKeyUpdated(effect) => effect,
            Self::AccessKeyRevoked => Effect::Revoked,
            Self::OrganizationDeleted
            | Self::UserDeleted
            | Self::RoleDeleted
            | Self::GroupDeleted
            | Self::AccessKeyDeleted => Effect::Deleted,
            Self::AccessKeyRotated => Effect::Rotated,
            Self::OrganizationCreated
            | Self::UserCreated
            | Self::UserLinked
            | Self::RoleCreated
            | Self::GroupCreated
            | Self::AccessKeyCreated
            | Self::AccessKeyRetiredSecretUsed
            | Self::AccessKeyRetiredSecretReported
            | Self::AccessKeyExpiring
            | Self::AccessKeyExpired => Effect::Other,
        }
    }

    fn target_kind(self) -> &'static str {
        self.as_str().split_once('.').expect("an action's text has a dot").0
    }
}

impl Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Target {
    /// The kind of the thing.
    #[serde(rename = "type")]
    #[cfg_attr(
        feature = "openapi",
        schemars(extend("enum" = ["organization", "user", "role", "group", "access_key"]))
    )]
    pub kind: String,
    /// The thing's id; for a role or group, its name.
    pub id: String,
}

/// The request that made a change.
#[derive(Debug, Clone)]
pub struct Origin {
    /// When the gateway received the request.
    pub at: Timestamp,
    /// Who made the request.
    pub actor: Actor,
    /// The client's address, as the gateway saw it.
    pub source_ip: String,
    /// The gateway's id of the request.
    pub request_id: String,
}

/// One change. It holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// The event's id, which sorts by the millisecond of the request, and within a request by order.
    pub audit_id: Ulid,
    /// The organization of the changed thing.
    pub organization_id: OrganizationId,
    /// When the gateway received the request that made the change.
    pub at: Time,
    /// Who made the change.
    pub actor: Actor,
    /// The text of an [`Action`]. It stays a text, so that an event of a newer version can be listed.
    pub action: String,
    /// The thing that was changed.
    pub target: Target,
    /// The text of an [`Effect`]. It stays a text for the same reason.
    pub effect: String,
    /// The client's address, as the gateway saw it; empty if no request made the change.
    pub source_ip: String,
    /// The gateway's id of the request; empty if no request made the change.
    pub request_id: String,
    /// The new values, by the names of the API.
    pub changes: Map<String, Value>,
}

impl Event {
    /// Creates the event of a change. Only the members of an object count as `changes`.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn new(
        origin: Origin,
        organization_id: OrganizationId,
        action: Action,
        target_id: impl Display,
        changes: impl Into<Value>,
    ) -> Self {
        let Origin { at, actor, source_ip, request_id } = origin;
        Self {
            audit_id: at.new_id(),
            organization_id,
            at: at.time(),
            actor,
            action: action.to_string(),
            target: Target { kind: action.target_kind().to_owned(), id: target_id.to_string() },
            effect: action.effect().to_string(),
            source_ip,
            request_id,
            changes: match changes.into() {
                Value::Object(changes) => changes,
                _ => Map::new(),
            },
        }
    }

    /// Sorts the event of a change by the authorizer before those of the request's handler.
    #[must_use]
    pub fn before_handler(self) -> Self {
        Self { audit_id: before_handler(self.audit_id), ..self }
    }
}

/// Returns the members of `after` that are new or differ from those of `before`.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Map<String, Value> {
    let members = after.as_object().into_iter().flatten();
    let changed = members.filter(|(name, value)| before[name.as_str()] != **value);
    changed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_events_target_is_of_the_kind_that_its_action_names() {
        let origin = Origin {
            at: Time::from_seconds(1_000).into(),
            actor: Actor::system("leak-report", "leak report"),
            source_ip: "192.0.2.1".to_owned(),
            request_id: "r".to_owned(),
        };
        let action = Action::AccessKeyRetiredSecretUsed;
        let event = Event::new(origin, OrganizationId::random(), action, "id", json!({"refused": true}));
        let target = Target { kind: "access_key".to_owned(), id: "id".to_owned() };
        assert_eq!((event.action.as_str(), event.target), ("access_key.retired_secret_used", target));
        assert_eq!(event.effect, "other");
        assert_eq!(event.changes, json!({"refused": true}).as_object().cloned().unwrap());
    }

    #[test]
    fn only_new_values_are_differences() {
        let (before, after) = (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3, "c": null}));
        assert_eq!(Value::Object(differences(&before, &after)), json!({"b": 3}));
    }
}

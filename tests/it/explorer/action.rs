//! The requests that meet each other.

use kit::{Client, Organization, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    fixture::Fixture,
    play::{Ended, Part},
};

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Carol creates a key.
    Create,
    /// Carol extends her expired key, which needs a place again.
    ExtendExpired,
    /// Carol extends her key.
    Extend,
    /// Carol rotates the secret of her key.
    Rotate,
    /// The key rotates itself.
    RotateItself,
    /// Carol rotates it with an `Idempotency-Key`, the same each time.
    RotateOnce,
    /// An owner switches her key off.
    SwitchOff,
    /// Carol switches it on.
    SwitchOn,
    /// An owner revokes her key.
    Revoke,
    /// An owner deletes her key.
    DeleteKey,
    /// An owner suspends her.
    Suspend,
    /// An owner deletes her.
    DeleteUser,
    /// An owner makes her an owner, for whom another quota holds.
    Kind,
    /// An owner lowers the quota of people like her.
    Policy,
    /// Dave signs in for the first time.
    Link,
    /// Somebody else signs in, whose issuer vouches for Dave's address too.
    LinkOther,
    /// An owner corrects Dave's address.
    Address,
    /// An owner suspends Dave.
    SuspendInvited,
    /// An owner deletes Dave.
    DeleteInvited,
    /// The notice function runs.
    Notify,
    /// The leases of mails end.
    LeaseEnds,
}

impl Action {
    /// Returns the function whose calls are held. For a sign-in that is the authorizer: all that is to be seen happens there.
    pub(super) const fn function(self) -> &'static str {
        match self {
            Self::Create => "create-access-key",
            Self::ExtendExpired | Self::Extend | Self::SwitchOff | Self::SwitchOn => "update-access-key",
            Self::Rotate | Self::RotateItself | Self::RotateOnce => "rotate-access-key",
            Self::Revoke => "revoke-access-key",
            Self::DeleteKey => "delete-access-key",
            Self::Suspend
            | Self::DeleteUser
            | Self::Kind
            | Self::Address
            | Self::SuspendInvited
            | Self::DeleteInvited => "manage-users",
            Self::Policy => "manage-organization",
            Self::Link | Self::LinkOther => "authorize-request",
            Self::Notify | Self::LeaseEnds => "notify-expiring-keys",
        }
    }

    /// Starts it, as the request of this position.
    pub(super) fn start<'w>(self, position: usize, world: &'w World, fixture: &Fixture) -> Part<'w> {
        let Fixture { organization, holder, carol, key, expired, dave, .. } = fixture;
        let Organization { owner, path, .. } = organization;
        let (key_path, carols) = (organization.key_path(key), organization.user_path(carol));
        let invited = organization.user_path(dave);
        let me = organization.user_path("me");
        let person = |name: &str| world.person(name);
        match self {
            Self::Create => {
                let body = json!({"name": format!("new{position}"), "expires_in_days": 30});
                send(&person("carol"), Method::POST, organization.keys_of("me"), body)
            }
            Self::ExtendExpired => {
                let path = organization.key_path(expired);
                send(&person("carol"), Method::PATCH, path, json!({"expires_in_days": 40}))
            }
            Self::Extend => send(&person(holder), Method::PATCH, key_path, json!({"expires_in_days": 200})),
            Self::Rotate => {
                let body = json!({"overlap_seconds": 3_600});
                send(&person("carol"), Method::POST, format!("{key_path}/rotate"), body)
            }
            Self::RotateItself => {
                let itself = world.key(key["secret"]["token"].as_str().unwrap());
                let rotate = format!("{path}/access-keys/current/rotate");
                send(&itself, Method::POST, rotate, json!({"overlap_seconds": 0}))
            }
            Self::RotateOnce => {
                let client = person("carol").with_header("idempotency-key", "once");
                send(&client, Method::POST, format!("{key_path}/rotate"), json!({"overlap_seconds": 0}))
            }
            Self::SwitchOff => send(owner, Method::PATCH, key_path, json!({"active": false})),
            Self::SwitchOn => send(&person("carol"), Method::PATCH, key_path, json!({"active": true})),
            Self::Revoke => send(owner, Method::POST, format!("{key_path}/revoke"), Value::Null),
            Self::DeleteKey => send(owner, Method::DELETE, key_path, Value::Null),
            Self::Suspend => send(owner, Method::PATCH, carols, json!({"status": "suspended"})),
            Self::DeleteUser => send(owner, Method::DELETE, carols, Value::Null),
            Self::Kind => send(owner, Method::PATCH, carols, json!({"kind": "owner"})),
            Self::Policy => {
                let body = json!({"policy": {"quota": {"normal": 1}}});
                send(owner, Method::PATCH, path.clone(), body)
            }
            Self::Link => send(&person("dave"), Method::GET, me, Value::Null),
            Self::LinkOther => {
                let token = world.stack.issuer().token("other", "dave@example.com", "dave");
                let other = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
                send(&other, Method::GET, me, Value::Null)
            }
            Self::Address => send(owner, Method::PATCH, invited, json!({"email": "david@example.com"})),
            Self::SuspendInvited => send(owner, Method::PATCH, invited, json!({"status": "suspended"})),
            Self::DeleteInvited => send(owner, Method::DELETE, invited, Value::Null),
            Self::Notify => Part::Request(Box::pin(async { Ended::Ran(world.try_notify().await.is_ok()) })),
            Self::LeaseEnds => Part::Step(Box::new(|| world.end_leases())),
        }
    }
}

fn send<'w>(client: &Client, method: Method, path: String, body: Value) -> Part<'w> {
    let client = client.clone();
    Part::Request(Box::pin(async move { Ended::Answered(client.send(method, &path, Some(body)).await) }))
}

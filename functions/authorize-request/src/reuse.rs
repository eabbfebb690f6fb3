//! Notifies people of the use of a retired secret.

use api::causes;
use domain::{
    audit::{self, Action, Actor},
    inbox::Message,
    notification::Notification,
    user::Status,
};
use serde_json::json;
use table::{ChangeRecords, Error, KeyWithUser};

use crate::{authorizer_request::AuthorizerRequest, settings::Authorizer};

/// The shortest time between two notifications of one key, seconds.
const NOTIFICATION_INTERVAL: i64 = 3_600;

/// Notifies the key's user by the inbox and by mail, or the owners if mail does not reach the user, and writes
/// an audit event.
///
/// The request is refused either way, so a failure is logged, and the next use of the secret tries again.
pub(crate) async fn notify(authorizer: &Authorizer, request: &AuthorizerRequest, found: &KeyWithUser) {
    let last = found.key.reuse_notified_at;
    let was_notified = last.is_some_and(|at| at.is_within(NOTIFICATION_INTERVAL, request.now));
    if was_notified || found.user.status == Status::Deleted {
        return;
    }
    if let Err(error) = record(authorizer, request, found).await {
        tracing::error!(causes = causes(&error), "could not notify of the use of a retired secret");
    }
}

async fn record(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    found: &KeyWithUser,
) -> Result<(), Error> {
    let table = &authorizer.app.table;
    let message = message(authorizer, request, found);
    let mut notifications: Vec<Notification> =
        Notification::to(&found.user, message.clone()).into_iter().collect();
    if !found.user.has_mail_address() {
        notifications.push(Notification::to_owners(
            found.user.organization_id,
            vec![found.user.user_id],
            message,
        ));
    }
    let events = [event(request, found)];
    let records = ChangeRecords::of(&events).notifying(&notifications);
    table.record_secret_reuse(found.key.key_id, request.now, NOTIFICATION_INTERVAL, records).await
}

fn message(authorizer: &Authorizer, request: &AuthorizerRequest, found: &KeyWithUser) -> Message {
    let (key, user) = (&found.key, &found.user);
    let prefix = &authorizer.app.key_prefix;
    Message::retired_secret_used(request.moment.timestamp(), key, user, prefix, &request.ids.source_ip)
}

fn event(request: &AuthorizerRequest, found: &KeyWithUser) -> audit::Event {
    let key = &found.key;
    let origin = request.origin(Actor::access_key(key.key_id, key.name.as_str()));
    let changes = json!({"refused": true});
    audit::Event::new(origin, key.organization_id, Action::AccessKeyRetiredSecretUsed, key.key_id, changes)
}

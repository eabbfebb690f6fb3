//! What follows from a reported secret: its key is revoked, or people hear of a retired secret.

use api::{
    HandlerError, Request,
    app::{App, Pepper, SecretMatch},
};
use domain::{
    audit::{Action, Actor, Event},
    inbox::Message,
    message::LeakReport,
    notification::Notification,
    user::{Status, User},
};
use serde_json::{Value, json};
use table::{ChangeRecords, KeyWithUser};

use crate::{leak::Leak, report::Report};

/// The shortest time between two notifications of retired secrets of one key, seconds.
const NOTIFICATION_INTERVAL: i64 = 3_600;

/// One report, while it is checked.
#[derive(Clone, Copy)]
pub(crate) struct Check<'a> {
    pub(crate) app: &'a App<Pepper>,
    pub(crate) request: &'a Request<()>,
    pub(crate) report: &'a Report,
}

/// Reads the key strongly, and revokes it if the secret is right. An inactive or expired key is revoked too: it
/// could be made active again.
///
/// Does nothing if the secret does not work, or if the key is revoked or deleted already.
pub(crate) async fn act(check: Check<'_>, leak: &Leak) -> Result<(), HandlerError> {
    let token = leak.token();
    let Some(found) = check.app.table.access_key_and_user(token.key_id()).await? else { return Ok(()) };
    if found.key.revoked_at.is_some() || found.user.status == Status::Deleted {
        return Ok(());
    }
    match check.app.pepper.check(&found.key, token, check.request.moment).await? {
        SecretMatch::Active(_) => revoke(check, leak, &found).await,
        SecretMatch::Retired => notify_of_retired(check, leak, &found).await,
        SecretMatch::None => Ok(()),
    }
}

async fn revoke(check: Check<'_>, leak: &Leak, found: &KeyWithUser) -> Result<(), HandlerError> {
    let KeyWithUser { key, user } = found;
    let report = shown(check, leak);
    let message =
        Message::leak_reported(check.request.moment.timestamp(), key, user, &check.app.key_prefix, &report);
    let changes = json!({"status": "revoked", "source": report.source, "note": report.note});
    let events = [event(check, found, Action::AccessKeyRevoked, changes)];
    let notifications = to_user_and_owners(user, message);
    let records = ChangeRecords::of(&events).notifying(&notifications);
    // `updated_by` must name a user. The reporter is none, so it names the key's own user.
    check.app.table.revoke_access_key(key, key.user_id(), check.request.now, records).await?;
    Ok(())
}

/// Notifies of a retired secret once an hour. Whoever stole the secret may have rotated the key with it, so the
/// owners hear of it too.
async fn notify_of_retired(check: Check<'_>, leak: &Leak, found: &KeyWithUser) -> Result<(), HandlerError> {
    let (KeyWithUser { key, user }, now) = (found, check.request.now);
    if key.report_notified_at.is_some_and(|at| at.is_within(NOTIFICATION_INTERVAL, now)) {
        return Ok(());
    }
    let report = shown(check, leak);
    let message = Message::retired_secret_reported(
        check.request.moment.timestamp(),
        key,
        user,
        &check.app.key_prefix,
        &report,
    );
    let changes = json!({"source": report.source, "note": report.note});
    let events = [event(check, found, Action::AccessKeyRetiredSecretReported, changes)];
    let notifications = to_user_and_owners(user, message);
    let records = ChangeRecords::of(&events).notifying(&notifications);
    let table = &check.app.table;
    table.record_retired_secret_report(key.key_id, now, NOTIFICATION_INTERVAL, records).await?;
    Ok(())
}

fn shown<'a>(check: Check<'a>, leak: &'a Leak) -> LeakReport<'a> {
    LeakReport {
        source_ip: &check.request.source_ip,
        source: check.report.source.as_deref(),
        note: leak.note.as_deref(),
    }
}

fn event(check: Check<'_>, found: &KeyWithUser, action: Action, changes: Value) -> Event {
    let reporter = Actor::system("leak-report", check.report.source.as_deref().unwrap_or("leak report"));
    let key = &found.key;
    check.request.audit_event_of(reporter, key.organization_id, action, key.key_id, changes)
}

/// Addresses a message to the key's user and to all owners. Neither is read for it: no revocation waits for its
/// notifications.
fn to_user_and_owners(user: &User, message: Message) -> Vec<Notification> {
    let owners = Notification::to_owners(user.organization_id, vec![user.user_id], message.clone());
    Notification::to(user, message).into_iter().chain([owners]).collect()
}

//! Notifies people of a leaked key.

use api::{
    Request,
    app::{App, Pepper},
};
use domain::{inbox::Message, message::LeakReport, notification::Notification};
use table::KeyWithUser;

use crate::report::{Leak, Report};

/// Notifies the key's user and all owners of the organization.
pub(crate) fn leak_reported(
    app: &App<Pepper>,
    request: &Request<()>,
    report: &Report,
    leak: &Leak,
    found: &KeyWithUser,
) -> Vec<Notification> {
    let user = &found.user;
    let message = message(app, request, report, leak, found);
    let owners = Notification::to_owners(user.organization_id, vec![user.user_id], message.clone());
    Notification::to(user, message).into_iter().chain([owners]).collect()
}

fn message(
    app: &App<Pepper>,
    request: &Request<()>,
    report: &Report,
    leak: &Leak,
    KeyWithUser { key, user }: &KeyWithUser,
) -> Message {
    let (source, note) = (report.source.as_ref(), leak.note.as_ref());
    let report = LeakReport { source_ip: &request.source_ip, source, note };
    Message::leak_reported(request.now, key, user, &app.key_prefix, &report)
}

//! Notifies people of a leaked key.

use api::{
    HandlerError, Request,
    app::{App, Pepper},
};
use domain::{inbox::Message, message::LeakReport, notification::Notification};
use table::KeyWithUser;

use crate::report::{Leak, Report};

/// Notifies the key's user and all owners of the organization.
pub(crate) async fn leak_reported(
    app: &App<Pepper>,
    request: &Request<()>,
    report: &Report,
    leak: &Leak,
    found: &KeyWithUser,
) -> Result<Vec<Notification>, HandlerError> {
    let user = &found.user;
    let owners = match app.table.organization(user.organization_id).await? {
        Some(organization) => app.table.owners(&organization).await?,
        None => Vec::new(),
    };
    let others = owners.iter().filter(|owner| owner.user_id != user.user_id);
    let message = message(app, request, report, leak, found);
    Ok(std::iter::once(user)
        .chain(others)
        .filter_map(|user| Notification::to(user, message.clone()))
        .collect())
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

//! Notifies people of a leaked key.

use api::{
    HandlerError, Request,
    app::{App, Pepper},
};
use domain::{
    inbox::{Message, MessageKind},
    notification::Notification,
};
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
    let title = format!("The access key {} of {} was reported as leaked, and revoked", key.name, user.name);
    let source = report.source.as_ref().map(|source| format!(" The reporter's name: {source}."));
    let note = leak.note.as_ref().map(|note| format!(" The reporter's note: {note}"));
    let text = format!(
        "Somebody at {} reported key {} as leaked at {}, and had its secret. It was revoked at once, for \
         ever. Find where it leaked and remove it there, then make a new key for what used it.{}{}",
        request.source_ip,
        key.masked_key(&app.key_prefix),
        request.now,
        source.unwrap_or_default(),
        note.unwrap_or_default(),
    );
    Message::new(request.now, MessageKind::LeakReported, title, text, Some(key.key_id))
}

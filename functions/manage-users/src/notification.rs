//! Notifications to a user about changes that somebody else made to the user.

use api::{Member, Request};
use domain::{
    inbox::Message,
    message::Author,
    notification::Notification,
    text::{Email, Name},
    user::User,
};

/// Notifies the user of a change of its roles or groups by somebody else.
pub(crate) fn access_changed(request: &Request<Member>, before: &User, after: &User) -> Option<Notification> {
    let changed = before.roles != after.roles || before.groups != after.groups;
    let by_another = request.caller.user_id != after.user_id;
    if !(changed && by_another) {
        return None;
    }
    let message = Message::access_changed(request.moment.timestamp(), after, &request.caller.name);
    Notification::to(after, message)
}

/// Notifies a person, at the proven address before, of a change of address, kind or status by somebody else, and of
/// a deletion.
pub(crate) fn account_changed(
    request: &Request<Member>,
    organization_name: &Name,
    before: &User,
    after: &User,
) -> Option<Notification> {
    let address = |user: &User| user.email.as_ref().map(Email::key);
    let changed =
        address(before) != address(after) || before.kind != after.kind || before.status != after.status;
    let member = &request.caller;
    if !changed || member.user_id == before.user_id {
        return None;
    }
    let author = Author { name: &member.name, user_id: member.user_id, source_ip: &request.source_ip };
    let message =
        Message::account_changed(request.moment.timestamp(), organization_name, before, after, &author);
    Notification::to_former_address(before, message)
}

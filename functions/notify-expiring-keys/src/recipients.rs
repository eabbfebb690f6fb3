//! Who is notified of the expiry of a key, and through which channels.

use domain::{
    access_key::AccessKey,
    id::{OrganizationId, UserId},
    inbox::MessageKind,
    notification_preferences::Channels,
    organization::Organization,
    user::{Kind, Status, User},
};

#[cfg(test)]
mod tests;

/// A user who may be notified of the expiry of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) user_id: UserId,
    /// Whether the user gets an owner's copy, which no switch turns off.
    pub(crate) is_copy: bool,
}

/// Lists the candidates for notices of a key, each once, the key's user first.
///
/// If mail to the key's user may go to no address, the owners are candidates too. The keys of a user who is not active
/// have no candidates: see [`active_user`].
pub(crate) fn candidates(
    key: &AccessKey,
    user: &User,
    has_address: bool,
    organization: &Organization,
) -> Vec<Candidate> {
    let copies = organization.policy.notices.recipients;
    let machine = user.kind == Kind::Machine;
    let owners = copies.owners || !has_address || (machine && copies.owners_for_machines);
    let owners = organization.owner_ids.iter().filter(|_| owners);
    let own = |user_id| Candidate { user_id, is_copy: false };
    let all = [own(user.user_id)]
        .into_iter()
        .chain(owners.map(|owner| Candidate { user_id: *owner, is_copy: true }))
        .chain(copies.creator.then_some(own(key.created_by)))
        .chain(copies.modifier.then_some(own(key.updated_by)));
    let mut candidates: Vec<Candidate> = Vec::new();
    for one in all {
        if candidates.iter().all(|other| other.user_id != one.user_id) {
            candidates.push(one);
        }
    }
    candidates
}

/// Returns the user of a key, if active. The keys of a deleted or suspended user are not announced.
pub(crate) fn active_user(user: Option<&User>) -> Option<&User> {
    user.filter(|user| user.status == Status::Active)
}

/// Returns the channels that reach a user with messages of an organization: none unless the user is an
/// active member of it. Whether mail may go to a machine's address is decided elsewhere.
pub(crate) fn channels_of(user: &User, organization_id: OrganizationId) -> Channels {
    let is_member = user.organization_id == organization_id && user.status == Status::Active;
    user.reached_by(Channels { email: is_member, inbox: is_member })
}

/// Returns the channels through which a user is notified of an expiry: those that are available and switched
/// on.
pub(crate) fn enabled_channels(
    user: &User,
    available: Channels,
    is_copy: bool,
    kind: MessageKind,
) -> Channels {
    let enabled = if is_copy { Channels::default() } else { user.notifications.channels(kind) };
    Channels { email: available.email && enabled.email, inbox: available.inbox && enabled.inbox }
}

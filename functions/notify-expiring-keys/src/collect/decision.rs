//! Decides which notice of a key is due, and who gets it.

use std::cell::Cell;

use domain::{
    Time,
    access_key::AccessKey,
    inbox::MessageKind,
    message::ExpiringKey,
    notice::{Announcement, due_stage},
    notification_preferences::Channels,
    organization::Organization,
    token::KeyPrefix,
    user::User,
};
use table::{Advance, DueKey};

use crate::{
    directory::{Directory, Lookup},
    plan::due_notice::{DueNotice, Recipient},
    recipients::{Candidate, active_user, candidates, enabled_channels},
};

/// The decision on a due key.
pub(crate) enum Decision {
    Notify(Box<DueNotice>),
    /// No notice is due, or there is no recipient.
    Skip,
    /// No recipient could be loaded. The key stays due.
    Postpone,
}

/// Lists the candidates for notices of a key, whose user is in the directory.
pub(crate) fn candidates_of(
    directory: &Directory<'_>,
    key: &AccessKey,
    user: &User,
    organization: &Organization,
) -> Vec<Candidate> {
    candidates(key, user, directory.mail_address(user).is_some(), organization)
}

/// Decides on a due key, whose candidates were read into the directory.
pub(crate) fn decide(
    now: Time,
    key_prefix: &KeyPrefix,
    directory: &Directory<'_>,
    DueKey { key, user, .. }: &DueKey,
    organization: &Organization,
    advance: Advance,
) -> Decision {
    let due =
        active_user(user.as_ref()).zip(due_stage(&organization.policy.notices, key, now)).zip(key.expires_at);
    let Some(((user, stage), expires_at)) = due else { return Decision::Skip };
    let kind = MessageKind::of_expiry(expires_at, now);
    let selection =
        recipients(directory, &candidates_of(directory, key, user, organization), kind, organization);
    if !selection.any_reachable {
        tracing::warn!(key_id = %key.key_id, "nobody can be notified of the expiry of a key");
    }
    let Selection { recipients, any_unavailable, .. } = selection;
    if recipients.is_empty() {
        return if any_unavailable { Decision::Postpone } else { Decision::Skip };
    }
    Decision::Notify(Box::new(DueNotice {
        announcement: Announcement { key_id: key.key_id, expires_at, stage },
        organization_id: organization.organization_id,
        key: ExpiringKey::new(key, expires_at, user, organization, key_prefix),
        recipients,
        notifies_on_expiry: organization.policy.notices.on_expiry,
        advance: (!any_unavailable).then_some(advance),
        progress: Cell::default(),
    }))
}

/// The candidates who get a notice.
#[derive(Debug, Default)]
struct Selection {
    recipients: Vec<Recipient>,
    /// Whether a channel reaches any candidate, or may reach one who could not be loaded.
    any_reachable: bool,
    /// Whether a candidate could not be loaded.
    any_unavailable: bool,
}

fn recipients(
    directory: &Directory<'_>,
    candidates: &[Candidate],
    kind: MessageKind,
    organization: &Organization,
) -> Selection {
    let mut selection = Selection::default();
    for Candidate { user_id, is_copy } in candidates.iter().copied() {
        match directory.user(user_id) {
            Lookup::Found(user) => {
                let organization_id = organization.organization_id;
                let available = directory.channels_of(user, organization_id);
                let Channels { email, inbox } = enabled_channels(user, available, is_copy, kind);
                selection.any_reachable |= available.email || available.inbox;
                if email || inbox {
                    selection.recipients.push(Recipient { user_id, by_mail: email, in_inbox: inbox });
                }
            }
            Lookup::Missing => {}
            Lookup::Unavailable => (selection.any_reachable, selection.any_unavailable) = (true, true),
        }
    }
    selection
}

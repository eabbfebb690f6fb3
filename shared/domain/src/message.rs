//! The wording of messages: one constructor of [`Message`] for each kind.
//!
//! A message is read in an inbox and in a mail. The rest of a mail is worded by the templates of
//! `functions/notify-expiring-keys`.

use crate::{
    Time, Timestamp,
    access_key::AccessKey,
    id::UserId,
    inbox::{Message, MessageKind},
    role::Label,
    text::{Email, Name},
    token::KeyPrefix,
    user::{Status, User},
};

mod expiring_key;
mod quoted;
#[cfg(test)]
mod tests;
mod undeliverable;

pub use expiring_key::{EXPIRY_ADVICE, ExpiringKey, instant};
pub use quoted::quoted;
pub use undeliverable::Undeliverable;

/// The most undelivered items that a message names; it counts the others.
const MAX_NAMED: usize = 20;

/// A change of an access key by somebody other than its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKeyChange {
    /// The key was created.
    Created,
    /// The key's name, expiry, networks or active state changed.
    Changed,
    /// The key got a new secret.
    Rotated,
    /// The key was revoked.
    Revoked,
    /// The key was deleted.
    Deleted,
    /// The key's roles or groups changed.
    AccessChanged,
}

impl AccessKeyChange {
    const fn verb(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Rotated => "made a new secret for",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::AccessChanged => "changed the roles or groups of",
        }
    }

    const fn kind(self) -> MessageKind {
        match self {
            Self::AccessChanged => MessageKind::AccessChanged,
            _ => MessageKind::KeyChanged,
        }
    }
}

/// The user who made a change.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The name of the user.
    pub name: &'a str,
    /// The id of the user.
    pub user_id: UserId,
    /// The address that the request came from.
    pub source_ip: &'a str,
}

/// A report that a secret leaked.
#[derive(Debug, Clone, Copy)]
pub struct LeakReport<'a> {
    /// The address that the report came from.
    pub source_ip: &'a str,
    /// The name that the reporter gave, as it is shown to people.
    pub source: Option<&'a str>,
    /// The reporter's note on this secret, as it is shown to people.
    pub note: Option<&'a str>,
}

impl LeakReport<'_> {
    /// Words the reporter's name and note, for the end of a message.
    fn origin(&self) -> String {
        let source = self.source.map(|source| format!(" The reporter's name: {source}."));
        let note = self.note.map(|note| format!(" The reporter's note: {note}"));
        format!("{}{}", source.unwrap_or_default(), note.unwrap_or_default())
    }
}

impl Message {
    /// Words a change of a key, for the key's user.
    #[must_use]
    pub fn key_changed(
        at: impl Into<Timestamp>,
        change: AccessKeyChange,
        key: &AccessKey,
        prefix: &KeyPrefix,
        author: &Author<'_>,
    ) -> Self {
        let Author { user_id, source_ip, .. } = author;
        let name = quoted(author.name);
        let title = format!("{name} {} your access key {}", change.verb(), quoted(key.name.as_str()));
        let expiry =
            key.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
        let text = format!(
            "Key {}, which {expiry}. Done by {name} ({user_id}) from {source_ip}. If you did not expect \
             this, ask them, or an owner of your organization.",
            key.masked_key(prefix),
        );
        Self::new(at, change.kind(), title, text, Some(key.key_id))
    }

    /// Words a change of a user's roles or groups, for that user as it is after the change.
    #[must_use]
    pub fn access_changed(at: impl Into<Timestamp>, user: &User, author_name: &str) -> Self {
        let list = |labels: &[Label]| match labels {
            [] => "none".to_owned(),
            labels => labels.iter().map(Label::as_str).collect::<Vec<_>>().join(", "),
        };
        let (roles, groups) = (list(&user.roles), list(&user.groups));
        let title = format!("{} changed your roles or groups", quoted(author_name));
        let text = format!("Your roles are now: {roles}. Your groups are now: {groups}.");
        Self::new(at, MessageKind::AccessChanged, title, text, None)
    }

    /// Words a change of a user's address, kind or status by somebody else, for the address that the user had.
    #[must_use]
    pub fn account_changed(
        at: impl Into<Timestamp>,
        organization_name: &Name,
        before: &User,
        after: &User,
        author: &Author<'_>,
    ) -> Self {
        let Author { user_id, source_ip, .. } = author;
        let name = quoted(author.name);
        let verb = match (before.status, after.status) {
            (_, Status::Deleted) => "deleted",
            (Status::Active, Status::Suspended) => "suspended",
            _ => "changed",
        };
        let title = format!("{name} {verb} your account in {}", quoted(organization_name.as_str()));
        let mut facts = Vec::new();
        if after.status != Status::Deleted {
            if before.status != after.status {
                facts.push(format!("Its status is now {}.", after.status.as_str()));
            }
            if before.kind != after.kind {
                facts.push(format!("Its kind is now {}.", after.kind));
            }
            let is_same = |email: &Email| before.email.as_ref().is_some_and(|before| before.is(email));
            if let Some(email) = after.email.as_ref().filter(|email| !is_same(email)) {
                facts.push(format!(
                    "Its address is now {email}. Mails go there after a sign-in with it, and no longer to this \
                     address."
                ));
            }
        }
        facts.push(format!(
            "Done by {name} ({user_id}) from {source_ip}. If you did not expect this, ask an owner of the \
             organization."
        ));
        Self::new(at, MessageKind::AccountChanged, title, facts.join(" "), None)
    }

    /// Words the deletion of an organization by its last owner, for the addresses of its people.
    #[must_use]
    pub fn organization_deleted(at: Time, organization_name: &Name, author: &User) -> Self {
        let (name, user_id) = (quoted(author.name.as_str()), author.user_id);
        let title = format!("{name} deleted the organization {}", quoted(organization_name.as_str()));
        let text = format!(
            "Your account in it is gone, and all its access keys have ended. Done by {name} ({user_id})."
        );
        Self::new(at, MessageKind::AccountChanged, title, text, None)
    }

    /// Words the use of a secret that a rotation had ended, for the key's user, or for the owners if no
    /// message reaches that user.
    #[must_use]
    pub fn retired_secret_used(
        at: impl Into<Timestamp>,
        key: &AccessKey,
        user: &User,
        prefix: &KeyPrefix,
        source_ip: &str,
    ) -> Self {
        let (key_name, user_name) = (quoted(key.name.as_str()), quoted(user.name.as_str()));
        let title = format!("A retired secret of the access key {key_name} of {user_name} was used");
        let text = format!(
            "Somebody at {source_ip} came with a secret of key {} that a rotation had ended, and was \
             refused. Either a program still holds the old secret, or it leaked. If you know of no such \
             program, revoke the key.",
            key.masked_key(prefix),
        );
        Self::new(at, MessageKind::RetiredSecretUsed, title, text, Some(key.key_id))
    }

    /// Words the report of a leaked key and its revocation, for the key's user and all owners.
    #[must_use]
    pub fn leak_reported(
        at: impl Into<Timestamp>,
        key: &AccessKey,
        user: &User,
        prefix: &KeyPrefix,
        report: &LeakReport<'_>,
    ) -> Self {
        let at = at.into();
        let (key_name, user_name) = (quoted(key.name.as_str()), quoted(user.name.as_str()));
        let title = format!("The access key {key_name} of {user_name} was reported as leaked, and revoked");
        let text = format!(
            "Somebody at {} reported key {} as leaked at {}, and had its secret. It was revoked at once, \
             for ever. Find where it leaked and remove it there, then make a new key for what used it.{}",
            report.source_ip,
            key.masked_key(prefix),
            at.time(),
            report.origin(),
        );
        Self::new(at, MessageKind::LeakReported, title, text, Some(key.key_id))
    }

    /// Words the report of a retired secret, which revokes nothing, for the key's user and all owners.
    #[must_use]
    pub fn retired_secret_reported(
        at: impl Into<Timestamp>,
        key: &AccessKey,
        user: &User,
        prefix: &KeyPrefix,
        report: &LeakReport<'_>,
    ) -> Self {
        let at = at.into();
        let (key_name, user_name) = (quoted(key.name.as_str()), quoted(user.name.as_str()));
        let title =
            format!("A retired secret of the access key {key_name} of {user_name} was reported as leaked");
        let text = format!(
            "Somebody at {} reported at {} a secret of key {} that a rotation had ended. The key was not \
             revoked, and its present secret works on. If you do not know who rotated the key, somebody who \
             had the leaked secret may have done it: revoke the key. Find where the secret leaked and remove \
             it there.{}",
            report.source_ip,
            at.time(),
            key.masked_key(prefix),
            report.origin(),
        );
        Self::new(at, MessageKind::LeakReported, title, text, Some(key.key_id))
    }

    /// Words the expiry of a key, soon or past, for an inbox.
    #[must_use]
    pub fn key_expires(at: Time, key: &ExpiringKey) -> Self {
        let ExpiringKey { masked_key, expires_at, .. } = key;
        let (user_name, organization_name) = (quoted(&key.user_name), quoted(&key.organization_name));
        let kind = MessageKind::of_expiry(*expires_at, at);
        let text = format!(
            "Key {masked_key} of {user_name} in {organization_name}. Expiry: {}. {EXPIRY_ADVICE}",
            instant(*expires_at)
        );
        Self::new(at, kind, key.headline(at), text, Some(key.key_id))
    }

    /// Words the end of a mail that is never sent, for the owners.
    ///
    /// `undelivered` names each item that the mail was about.
    #[must_use]
    pub fn mail_undeliverable(
        at: Time,
        recipient: &User,
        reason: &Undeliverable,
        undelivered: &[String],
    ) -> Self {
        let name = quoted(recipient.name.as_str());
        let address = recipient.email.as_ref().map(ToString::to_string).unwrap_or_default();
        let named = undelivered[..undelivered.len().min(MAX_NAMED)].join("; ");
        let more = match undelivered.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let title = format!("Mails to {name} cannot be delivered");
        let text = match reason {
            Undeliverable::Refused { code } => format!(
                "The mail service refuses the address {address} of {name} for good ({code}). Not delivered: \
                 {named}{more}. Tell {name}, and correct the address."
            ),
            Undeliverable::NotProven => format!(
                "The address of {name} changed, and no sign-in proved the new one yet. Not delivered: \
                 {named}{more}. Ask {name} to sign in with it."
            ),
        };
        Self::new(at, MessageKind::MailUndeliverable, title, text, None)
    }
}

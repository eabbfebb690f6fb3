//! Notifications: messages to users about changes that others made.

use crate::{
    id::{OrganizationId, UserId},
    inbox::Message,
    notification_preferences::Channels,
    text::{Email, Name},
    user::User,
};

/// The recipients of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// One user.
    User(UserId),
    /// All active owners of the organization, however many, except these.
    OwnersExcept(Vec<UserId>),
    /// The proven address that a user had before a change.
    FormerAddress(FormerAddress),
}

/// The proven address that a user had before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerAddress {
    /// The user.
    pub user_id: UserId,
    /// The name that the user had.
    pub name: Name,
    /// The address.
    pub address: Email,
}

/// A message to one user or to all owners, with its channels.
///
/// It is written in the transaction of the change. Nobody is notified of their own changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The recipient.
    pub recipient: Recipient,
    /// The recipient's organization.
    pub organization_id: OrganizationId,
    /// The message.
    pub message: Message,
    /// Whether it goes to the inbox. The next run of notify-expiring-keys puts it in the inboxes of owners.
    pub in_inbox: bool,
    /// Whether the next run mails it.
    pub by_mail: bool,
}

impl Notification {
    /// Addresses a message to a user by the channels that the user has switched on.
    ///
    /// `None` if no channel reaches the user: machines read no inbox, and mail needs an address.
    #[must_use]
    pub fn to(user: &User, message: Message) -> Option<Self> {
        let Channels { inbox: in_inbox, email: by_mail } =
            user.reached_by(user.notifications.channels(message.kind));
        let (recipient, organization_id) = (Recipient::User(user.user_id), user.organization_id);
        (in_inbox || by_mail).then_some(Self { recipient, organization_id, message, in_inbox, by_mail })
    }

    /// Addresses a message to the proven address that a user had before a change, whatever the user has switched
    /// off, and also if the user is suspended or gone. `None` if the user had no proven address.
    #[must_use]
    pub fn to_former_address(before: &User, message: Message) -> Option<Self> {
        let (user_id, name) = (before.user_id, before.name.clone());
        let address = before.proven_address()?.clone();
        let recipient = Recipient::FormerAddress(FormerAddress { user_id, name, address });
        Some(Self {
            recipient,
            organization_id: before.organization_id,
            message,
            in_inbox: false,
            by_mail: true,
        })
    }

    /// Addresses a message to all active owners of an organization, except the users `except`.
    ///
    /// It is one item, whatever their number. The next run of notify-expiring-keys reads the owners and
    /// addresses each of them by the channels that the owner has switched on.
    #[must_use]
    pub const fn to_owners(organization_id: OrganizationId, except: Vec<UserId>, message: Message) -> Self {
        let recipient = Recipient::OwnersExcept(except);
        Self { recipient, organization_id, message, in_inbox: true, by_mail: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Time, inbox::MessageKind, text::Email, user::Kind};

    fn channels_to(kind: Kind, email: Option<&str>, about: MessageKind) -> Option<(bool, bool)> {
        let (name, now) = ("somebody".to_owned().try_into().unwrap(), Time::from_seconds(0));
        let email: Option<Email> = email.map(|email| email.to_owned().try_into().unwrap());
        let mut user = User::new(OrganizationId::random(), kind, name, email, now);
        user.proven_email.clone_from(&user.email);
        user.notifications.key_changed.email = false;
        user.notifications.access_changed.inbox = false;
        let notification = Notification::to(&user, Message::new(now, about, "title", "text", None));
        notification.map(|notification| (notification.in_inbox, notification.by_mail))
    }

    #[test]
    fn users_hear_by_the_ways_they_left_on_that_reach_them() {
        let address = Some("a@example.com");
        assert_eq!(channels_to(Kind::Normal, address, MessageKind::KeyChanged), Some((true, false)));
        assert_eq!(channels_to(Kind::Normal, address, MessageKind::AccessChanged), Some((false, true)));
        assert_eq!(channels_to(Kind::Normal, address, MessageKind::LeakReported), Some((true, true)));
        assert_eq!(channels_to(Kind::Machine, address, MessageKind::RetiredSecretUsed), Some((false, true)));
        assert_eq!(channels_to(Kind::Machine, address, MessageKind::KeyChanged), None);
        assert_eq!(channels_to(Kind::Machine, None, MessageKind::LeakReported), None);
        assert_eq!(channels_to(Kind::Owner, None, MessageKind::AccessChanged), None);
    }
}

//! What people are told of what others did: in their inbox, and by mail.

use crate::{
    id::{OrganizationId, UserId},
    inbox::Message,
    notification_preferences::Channels,
    user::User,
};

/// A message with the ways in which one user hears of it.
///
/// It is written in the transaction of the change that it tells of. Nobody is told of what they did
/// themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Who is told.
    pub user_id: UserId,
    /// The organization of that user.
    pub organization_id: OrganizationId,
    /// What is told.
    pub message: Message,
    /// Whether it is put in the inbox.
    pub in_inbox: bool,
    /// Whether it is mailed, by the next run of the notices.
    pub by_mail: bool,
}

impl Notification {
    /// Addresses a message to a user, by the ways that the user wants to hear of it.
    ///
    /// `None` where there are none: machines read no inbox, and mail needs an address.
    #[must_use]
    pub fn to(user: &User, message: Message) -> Option<Self> {
        let Channels { inbox: in_inbox, email: by_mail } =
            user.reached_by(user.notifications.channels(message.event));
        let (user_id, organization_id) = (user.user_id, user.organization_id);
        (in_inbox || by_mail).then_some(Self { user_id, organization_id, message, in_inbox, by_mail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Time, inbox::MessageKind, user::Kind};

    fn told(kind: Kind, email: Option<&str>, event: MessageKind) -> Option<(bool, bool)> {
        let (name, now) = ("somebody".to_owned().try_into().unwrap(), Time::from_seconds(0));
        let email = email.map(|email| email.to_owned().try_into().unwrap());
        let mut user = User::new(OrganizationId::random(), kind, name, email, now);
        user.notifications.key_changed.email = false;
        user.notifications.access_changed.inbox = false;
        let news = Notification::to(&user, Message::new(now, event, "title", "text", None));
        news.map(|news| (news.in_inbox, news.by_mail))
    }

    #[test]
    fn users_hear_by_the_ways_they_left_on_that_reach_them() {
        let address = Some("a@example.com");
        assert_eq!(told(Kind::Normal, address, MessageKind::KeyChanged), Some((true, false)));
        assert_eq!(told(Kind::Normal, address, MessageKind::AccessChanged), Some((false, true)));
        assert_eq!(told(Kind::Normal, address, MessageKind::LeakReported), Some((true, true)));
        assert_eq!(told(Kind::Machine, address, MessageKind::RetiredSecretUsed), Some((false, true)));
        assert_eq!(told(Kind::Machine, address, MessageKind::KeyChanged), None);
        assert_eq!(told(Kind::Machine, None, MessageKind::LeakReported), None);
        assert_eq!(told(Kind::Owner, None, MessageKind::AccessChanged), None);
    }
}

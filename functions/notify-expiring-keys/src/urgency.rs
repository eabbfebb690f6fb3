//! The order in which people should be notified.

use domain::{
    Time,
    inbox::{Message, MessageKind},
};

/// The urgency of a notice or message. The least comes first; within a kind, the earliest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// The time at which a key was reported as leaked.
    Leak(Time),
    /// The time at which a retired secret was used.
    RetiredSecret(Time),
    /// The time at which somebody changed the account of a person.
    Account(Time),
    /// The time at which a key expires or expired.
    Expiry(Time),
    /// The time of a change.
    Change(Time),
}

impl Urgency {
    /// Returns whether a key or an account may be in danger.
    pub(crate) const fn is_threat(self) -> bool {
        matches!(self, Self::Leak(_) | Self::RetiredSecret(_) | Self::Account(_))
    }
}

impl From<&Message> for Urgency {
    fn from(message: &Message) -> Self {
        match message.kind {
            MessageKind::LeakReported => Self::Leak(message.at),
            MessageKind::RetiredSecretUsed => Self::RetiredSecret(message.at),
            MessageKind::AccountChanged => Self::Account(message.at),
            MessageKind::KeyExpiring | MessageKind::KeyExpired => Self::Expiry(message.at),
            MessageKind::KeyChanged | MessageKind::AccessChanged | MessageKind::MailUndeliverable => {
                Self::Change(message.at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threats_come_before_expiries_and_these_before_changes() {
        let message = |kind, at| Message::new(Time::from_seconds(at), kind, "title", "text", None);
        let sorted = [
            Urgency::from(&message(MessageKind::LeakReported, 900)),
            Urgency::from(&message(MessageKind::RetiredSecretUsed, 800)),
            Urgency::from(&message(MessageKind::AccountChanged, 700)),
            Urgency::Expiry(Time::from_seconds(600)),
            Urgency::Expiry(Time::from_seconds(700)),
            Urgency::from(&message(MessageKind::AccessChanged, 100)),
            Urgency::from(&message(MessageKind::KeyChanged, 200)),
        ];
        assert!(sorted.is_sorted());
        assert_eq!(sorted.map(Urgency::is_threat), [true, true, true, false, false, false, false]);
    }
}

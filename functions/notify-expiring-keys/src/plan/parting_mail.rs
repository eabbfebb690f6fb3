//! A mail to an address that a user had before a change.

use domain::{
    id::{OrganizationId, UserId},
    text::{Email, Name},
};
use table::PartingMessage;

use crate::urgency::Urgency;

/// The messages to one former address of a user.
#[derive(Debug)]
pub(crate) struct PartingMail {
    pub(crate) organization_id: OrganizationId,
    pub(crate) user_id: UserId,
    pub(crate) name: Name,
    pub(crate) address: Email,
    /// Never empty.
    pub(crate) messages: Vec<PartingMessage>,
}

impl PartingMail {
    /// Returns a mail to the address of a message, without any message.
    pub(crate) fn empty(waiting: &PartingMessage) -> Self {
        let PartingMessage { organization_id, user_id, name, address, .. } = waiting.clone();
        Self { organization_id, user_id, name, address, messages: Vec::new() }
    }

    /// Returns the place in the order of sending, as [`super::digest::Digest::priority`] does.
    pub(crate) fn priority(&self) -> (u32, Option<Urgency>, UserId) {
        let failures = self.messages.iter().map(|waiting| waiting.attempts).max().unwrap_or(0);
        let urgency = self.messages.iter().map(|waiting| Urgency::from(&waiting.message)).min();
        (failures, urgency, self.user_id)
    }
}

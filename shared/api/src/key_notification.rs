//! Notifications to a user about a change that somebody else made to the user's key.

use domain::{
    access_key::AccessKey,
    inbox::Message,
    message::{AccessKeyChange, Author},
    notification::Notification,
    token::KeyPrefix,
    user::User,
};

use crate::{Member, Request};

impl Request<Member> {
    /// Notifies a key's user of a change by the caller; `None` if the caller is that user.
    #[must_use]
    pub fn key_notification(
        &self,
        user: &User,
        key: &AccessKey,
        prefix: &KeyPrefix,
        change: AccessKeyChange,
    ) -> Option<Notification> {
        let member = &self.caller;
        if member.user_id == user.user_id {
            return None;
        }
        let author = Author { name: &member.name, user_id: member.user_id, source_ip: &self.source_ip };
        Notification::to(user, Message::key_changed(self.moment.timestamp(), change, key, prefix, &author))
    }
}
